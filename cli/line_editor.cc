// libedit with keys of our own. While a line is edited Ctrl-C and Ctrl-Z are keys like others, not signals.
#include "cli/line_editor.h"

#include <histedit.h>

#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "cli/table.h"

namespace lockstep::cli {
namespace {

constexpr int kRemembered = 1000;
constexpr std::size_t kScreenWidth = 80;

// Without it letters beyond ASCII are shown as numbers.
void speak_utf8() {
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

LineEditor::LineEditor(std::string history_file, Complete complete)
    : history_file_(std::move(history_file)), complete_(std::move(complete)), history_(::history_init()) {
  speak_utf8();
  editor_ = el_init("lockstep", stdin, stdout, stderr);
  CHECK(editor_ != nullptr && history_ != nullptr, "libedit");
  HistEvent event;
  ::history(history_, &event, H_SETSIZE, kRemembered);
  ::history(history_, &event, H_SETUNIQUE, 1);
  if (!history_file_.empty()) ::history(history_, &event, H_LOAD, history_file_.c_str());
  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_PROMPT, &LineEditor::show_prompt);
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_SIGNAL, 1);
  el_set(editor_, EL_HIST, ::history, history_);
  el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(editor_, nullptr);  // a person's own keys
  el_set(editor_, EL_ADDFN, "lockstep-complete", "Complete the word before the cursor", &LineEditor::on_tab);
  el_set(editor_, EL_BIND, "^I", "lockstep-complete", nullptr);
  el_set(editor_, EL_ADDFN, "lockstep-cancel", "Take the line back", &LineEditor::on_interrupt);
  el_set(editor_, EL_BIND, "^C", "lockstep-cancel", nullptr);
  el_set(editor_, EL_ADDFN, "lockstep-suspend", "Back to the other shell", &LineEditor::on_suspend);
  el_set(editor_, EL_BIND, "^Z", "lockstep-suspend", nullptr);
  el_set(editor_, EL_SETTY, "-d", "-isig", nullptr);
}

LineEditor::~LineEditor() {
  HistEvent event;
  if (!history_file_.empty()) ::history(history_, &event, H_SAVE, history_file_.c_str());
  el_end(editor_);
  ::history_end(history_);
}

LineEditor::Event LineEditor::read(std::string_view prompt, std::string& line) {
  prompt_ = prompt;
  cancelled_ = false;
  int length = 0;
  el_set(editor_, EL_PREP_TERM, 1);  // before the prompt is seen: whoever sees it may type Ctrl-C
  errno = 0;
  const char* text = el_gets(editor_, &length);
  if (cancelled_ || (text == nullptr && errno == EINTR)) {
    std::fputs("^C\n", stdout);
    std::fflush(stdout);
    return Event::kCancelled;
  }
  if (text == nullptr || length <= 0) return Event::kEnd;
  line = text;
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  HistEvent event;
  if (!line.empty()) ::history(history_, &event, H_ENTER, line.c_str());
  return Event::kLine;
}

LineEditor& LineEditor::self(editline* editor) {
  LineEditor* out = nullptr;
  el_get(editor, EL_CLIENTDATA, &out);
  return *out;
}

char* LineEditor::show_prompt(editline* editor) { return self(editor).prompt_.data(); }

unsigned char LineEditor::on_tab(editline* editor, int) {
  const LineInfo* info = el_line(editor);
  const std::string before(info->buffer, info->cursor);
  if (before.find_first_not_of(" \t") == std::string::npos)  // of a text that is indented
    return el_insertstr(editor, "\t") == 0 ? CC_REFRESH : CC_ERROR;
  const Completion found = self(editor).complete_(before);
  if (found.candidates.empty()) return CC_ERROR;
  const std::string word = before.substr(found.begin);
  const std::string known = common_beginning(found.candidates);
  const bool only_one = found.candidates.size() == 1;
  if (only_one || known.size() > word.size()) {
    el_deletestr(editor, static_cast<int>(width_of(word)));
    return el_insertstr(editor, (known + (only_one ? " " : "")).c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }
  std::fputs(("\n" + to_columns(found.candidates, kScreenWidth)).c_str(), stdout);
  return CC_REDISPLAY;
}

unsigned char LineEditor::on_suspend(editline* editor, int) {
  el_set(editor, EL_PREP_TERM, 0);
  std::raise(SIGTSTP);
  el_set(editor, EL_PREP_TERM, 1);
  return CC_REDISPLAY;
}

unsigned char LineEditor::on_interrupt(editline* editor, int) {
  self(editor).cancelled_ = true;
  const LineInfo* info = el_line(editor);
  el_cursor(editor, static_cast<int>(info->lastchar - info->cursor));  // what follows comes behind the line
  el_set(editor, EL_REFRESH);
  return CC_NEWLINE;
}

}  // namespace lockstep::cli
