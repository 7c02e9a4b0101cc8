// Two lines, two axes, a legend; no library.
#include "hub/cloud/curve.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::cloud {
namespace {

constexpr double kWidth = 720, kHeight = 400, kLeft = 56, kRight = 16, kTop = 40, kBottom = 44;

double tenths(double x) { return std::round(x * 10) / 10; }

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

// 1, 2 or 5 times a power of ten, so that at most `most` of them fit.
double tick(double span, double most) {
  for (double power = 1e-9;; power *= 10)
    for (const double times : {1.0, 2.0, 5.0})
      if (span / (power * times) <= most) return power * times;
}

struct Frame {
  double steps, low, high;
  double x(double step) const { return tenths(kLeft + (kWidth - kLeft - kRight) * step / steps); }
  double y(double loss) const {
    return tenths(kHeight - kBottom - (kHeight - kTop - kBottom) * (loss - low) / (high - low));
  }
};

std::string text(double x, double y, const std::string& anchor, const std::string& what) {
  return cat("<text x=\"", tenths(x), "\" y=\"", tenths(y), "\" text-anchor=\"", anchor, "\">", what,
             "</text>\n");
}

std::string grid(const Frame& frame) {
  std::string out;
  const double each = tick(frame.high - frame.low, 6);
  for (double n = std::ceil(frame.low / each); n * each <= frame.high; ++n) {
    const double y = frame.y(n * each);
    out += cat("<path d=\"M", kLeft, " ", y, "H", kWidth - kRight, "\" stroke=\"#ddd\"/>\n");
    out += text(kLeft - 6, y + 4, "end", cat(std::round(n * each * 1e6) / 1e6));
  }
  const double steps = std::max(1.0, tick(frame.steps, 8));
  for (double step = 0; step <= frame.steps; step += steps)
    out += text(frame.x(step), kHeight - kBottom + 18, "middle", cat(static_cast<std::int64_t>(step)));
  out += text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", "steps");
  return out;
}

std::string line(const Frame& frame, const std::vector<CurvePoint>& points, double CurvePoint::* value,
                 const std::string& colour) {
  std::string out = cat("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"", colour, "\" points=\"");
  for (const CurvePoint& point : points)
    out += cat(frame.x(static_cast<double>(point.step)), ",", frame.y(point.*value), " ");
  return out + "\"/>\n";
}

}  // namespace

std::string draw_curve(const std::vector<CurvePoint>& points, const std::string& title) {
  CHECK(!points.empty(), "a curve of no points");
  Frame frame{.steps = std::max(1.0, static_cast<double>(points.back().step)), .low = 1e300, .high = -1e300};
  for (const CurvePoint& point : points) {
    frame.low = std::min({frame.low, point.learned, point.held_out});
    frame.high = std::max({frame.high, point.learned, point.held_out});
  }
  if (frame.high - frame.low < 1e-9) frame.high = frame.low + 1;
  std::string out = cat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", kWidth, " ", kHeight,
                        "\" font-family=\"sans-serif\" font-size=\"12\">\n",
                        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  out += text(kLeft, 20, "start", cat("<tspan font-weight=\"bold\">", escaped(title), "</tspan>"));
  out += grid(frame);
  out += line(frame, points, &CurvePoint::learned, "#4477aa");
  out += line(frame, points, &CurvePoint::held_out, "#cc6677");
  out += cat("<g fill=\"#4477aa\">", text(kWidth - kRight - 150, 34, "end", "learned from"), "</g>\n");
  out +=
      cat("<g fill=\"#cc6677\">", text(kWidth - kRight, 34, "end", "held out (nats per answer)"), "</g>\n");
  return out + "</svg>\n";
}

}  // namespace lockstep::cloud
