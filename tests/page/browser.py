"""Chromium without a window, spoken to over its debugging pipe: enough to load a page, look at it and press keys;
and how a test of a page is called."""
import argparse
import base64
import contextlib
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PATIENCE = 120  # seconds for one answer; a machine may be busy


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """A process of its own with a profile of its own; both are gone at the end."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="lockstep-browser-", ignore_cleanup_errors=True)
        to_browser, self._out = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in os.pipe()]
        self._in, from_browser = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in os.pipe()]

        def wire():
            os.dup2(to_browser, 3)
            os.dup2(from_browser, 4)

        arguments = [program(), "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-extensions",
                     "--hide-scrollbars", "--force-device-scale-factor=1", f"--user-data-dir={self.profile.name}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # it refuses to run as root with one
        # It leaves the directory of its socket behind when it is ended; there it goes with the profile.
        surroundings = os.environ | {"TMPDIR": self.profile.name}
        self.process = subprocess.Popen(arguments, preexec_fn=wire, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=surroundings, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._number = 0
        self.events = []

    def close(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        # Its helpers, too: who lives on writes into the profile while it is removed.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._out)
        os.close(self._in)
        self.profile.cleanup()

    def _message(self, deadline):
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise ConnectionError("the browser has ended")
            self._buffer += piece
        text, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._message(deadline)
            if answer.get("id") != self._number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def page(self, url, width=1280, height=900, dark=False):
        return Page(self, url, width, height, dark)


class Page:
    """Loaded when made. `complaints` is what its console and its engine found wrong; `requests` what it asked for."""

    def __init__(self, browser, url, width, height, dark):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired" and e.get("sessionId") == self.session for e in browser.events):
            self.value("1")
        self.frames(3)

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return answer["result"].get("value")

    def frames(self, count):
        self.value("new Promise(done => { let left = %d; (function next() { left-- ? requestAnimationFrame(next) : done(1); })(); })" % count)

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text="\r" if key == "Enter" and kind == "keyDown" else key if kind == "keyDown" and len(key) == 1 else "")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def picture(self, path, whole=True):
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def _events(self, method):
        return [e["params"] for e in self.browser.events if e.get("method") == method and e.get("sessionId") == self.session]

    @property
    def complaints(self):
        out = [e["exceptionDetails"].get("exception", {}).get("description", e["exceptionDetails"]["text"]) for e in self._events("Runtime.exceptionThrown")]
        out += [str(e["args"]) for e in self._events("Runtime.consoleAPICalled") if e["type"] in ("error", "warning", "assert")]
        return out + [e["entry"]["text"] for e in self._events("Log.entryAdded") if e["entry"]["level"] in ("error", "warning")]

    @property
    def requests(self):
        return [e["request"]["url"] for e in self._events("Network.requestWillBeSent")]


def command_line(description):
    """What every test of a page is called with."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("lockstep")
    parser.add_argument("--pictures", type=pathlib.Path, help="directory for screenshots")
    parser.add_argument("--only", help="names of tests that contain this")
    return parser


def run_tests(parser, arguments):
    """Parses the command line into `arguments` and runs the tests of the program; 77: there is no Chromium here."""
    parser.parse_args(namespace=arguments)
    arguments.lockstep = str(pathlib.Path(arguments.lockstep).resolve())
    if program() is None:
        print(f"{pathlib.Path(sys.argv[0]).stem}: there is no Chromium here; ./dev page installs it", file=sys.stderr)
        return 77
    options = [f"-k={arguments.only}"] if arguments.only else []
    unittest.main(argv=[sys.argv[0], *options])
