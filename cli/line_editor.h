// Lines from a person at a terminal: editing, history, completion, and a way to take a line back.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/completion.h"

struct editline;
struct history;

namespace lockstep::cli {

class LineEditor {
 public:
  // Of the line up to the cursor.
  using Complete = std::function<Completion(std::string_view line)>;

  // `history_file` empty: nothing is remembered.
  LineEditor(std::string history_file, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Event { kLine, kCancelled, kEnd };
  // The line, without its end; Ctrl-C: kCancelled; Ctrl-D in an empty line: kEnd.
  Event read(std::string_view prompt, std::string& line);

 private:
  static LineEditor& self(editline* editor);
  static char* show_prompt(editline* editor);
  static unsigned char on_tab(editline* editor, int key);
  static unsigned char on_interrupt(editline* editor, int key);
  static unsigned char on_suspend(editline* editor, int key);

  std::string history_file_;
  Complete complete_;
  std::string prompt_;
  bool cancelled_ = false;
  struct history* history_;
  editline* editor_;
};

}  // namespace lockstep::cli
