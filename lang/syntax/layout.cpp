#include "lang/syntax/layout.h"

#include <utf8proc.h>

#include <algorithm>

namespace sluice::syntax {

size_t display_width(std::string_view text) {
  const size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) text.remove_prefix(newline + 1);
  size_t width = 0;
  while (!text.empty()) {
    utf8proc_int32_t code_point = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    width += length > 0 ? static_cast<size_t>(std::max(0, utf8proc_charwidth(code_point))) : 1;
    text.remove_prefix(length > 0 ? static_cast<size_t>(length) : 1);
  }
  return width;
}

void Layout::text(std::string_view text, bool blank_before) {
  ops_.push_back({OpKind::Text, std::string(text), 0, blank_before});
}
void Layout::space() { ops_.push_back({OpKind::Space}); }
void Layout::separator(uint8_t level, std::string_view flat, bool stays) {
  ops_.push_back({OpKind::Separator, std::string(flat), level, stays});
}
void Layout::line(std::string_view flat, bool allows_blank) {
  ops_.push_back({OpKind::Line, std::string(flat), 0, allows_blank});
}
void Layout::hard_line(bool allows_blank) { ops_.push_back({OpKind::HardLine, {}, 0, allows_blank}); }
void Layout::begin_group(bool is_broken, GroupKind kind) {
  ops_.push_back({OpKind::BeginGroup, {}, 0, is_broken, kind});
}
void Layout::end_group() { ops_.push_back({OpKind::EndGroup}); }
void Layout::begin_nest(uint32_t columns) { ops_.push_back({OpKind::BeginNest, {}, columns}); }
void Layout::end_nest() { ops_.push_back({OpKind::EndNest}); }
void Layout::trailing_comment(std::string_view text) { ops_.push_back({OpKind::TrailingComment, std::string(text)}); }
void Layout::own_line_comment(std::string_view text, bool blank_before) {
  ops_.push_back({OpKind::OwnLineComment, std::string(text), 0, blank_before});
}

// A group breaks when something in it must: a comment with text behind it, a hard line, a group that breaks.
void Layout::break_groups_around_breaks() {
  struct Open {
    size_t index;
    bool has_text = false;
    bool has_pending_break = false;  // breaks if text follows
  };
  std::vector<Open> open;
  for (size_t i = 0; i < ops_.size(); ++i) {
    switch (ops_[i].kind) {
      case OpKind::BeginGroup:
        open.push_back({i});
        break;
      case OpKind::EndGroup: {
        const Open group = open.back();
        open.pop_back();
        if (open.empty()) break;
        open.back().has_text = open.back().has_text || group.has_text;
        open.back().has_pending_break = open.back().has_pending_break || group.has_pending_break;
        if (ops_[group.index].flag) ops_[open.back().index].flag = true;
        break;
      }
      case OpKind::Text:
        for (Open& group : open) {
          if (group.has_pending_break) ops_[group.index].flag = true;
          group.has_text = true;
        }
        break;
      case OpKind::TrailingComment:
        for (Open& group : open) group.has_pending_break = true;
        break;
      case OpKind::OwnLineComment:
      case OpKind::HardLine:
        for (Open& group : open) group.has_pending_break = group.has_pending_break || group.has_text;
        break;
      case OpKind::Space:
      case OpKind::Separator:
      case OpKind::Line:
      case OpKind::BeginNest:
      case OpKind::EndNest:
        break;
    }
  }
}

// Whether what starts at `from` fits on the line that has reached `column`, up to the next place where the line may
// break. With a level, that is a separator of this level or a lower one, or the end of the group; with level -1, `from`
// begins a group, which must fit as a whole with what is glued to it. Groups that were broken in the source count as
// if they were flat: otherwise formatting twice could differ from formatting once.
bool Layout::fits(size_t from, size_t column, int level, bool may_open_braces) const {
  int depth = level < 0 ? 1 : 0;
  for (size_t i = from; i < ops_.size(); ++i) {
    const Op& op = ops_[i];
    switch (op.kind) {
      case OpKind::Text: {
        const size_t newline = op.text.find('\n');
        column += display_width(std::string_view(op.text).substr(0, newline));
        if (column > kLineWidth) return false;
        if (newline != std::string::npos) return true;
        break;
      }
      case OpKind::Space:
        ++column;
        break;
      case OpKind::Separator:
        if (depth <= 0 && (level < 0 || depth < 0 || static_cast<int>(op.number) <= level)) return true;
        column += op.text.size();
        break;
      case OpKind::Line:
        if (depth <= 0) return true;
        column += op.text.size();
        break;
      case OpKind::BeginGroup:
        // What is glued to a group, and blocks, may break by themselves.
        if ((level < 0 && depth <= 0) || op.group == GroupKind::Block ||
            (may_open_braces && op.group == GroupKind::Braces))
          return column < kLineWidth;
        ++depth;
        break;
      case OpKind::EndGroup:
        --depth;
        break;
      case OpKind::HardLine:
      case OpKind::TrailingComment:
      case OpKind::OwnLineComment:
        return true;
      case OpKind::BeginNest:
      case OpKind::EndNest:
        break;
    }
  }
  return true;
}

void Layout::write(std::string_view text, bool blank_before) {
  if (pending_.is_set) {
    // A file starts with its first text.
    if (!out_.empty()) out_ += pending_.allows_blank && blank_before ? "\n\n" : "\n";
    out_.append(pending_.indent, ' ');
    column_ = line_indent_ = pending_.indent;
    pending_ = {};
  } else {
    out_ += blanks_;
    column_ += blanks_.size();
  }
  blanks_ = {};
  out_ += text;
  column_ = text.find('\n') == std::string_view::npos ? column_ + display_width(text) : display_width(text);
}

void Layout::separate(const Op& op, size_t index) {
  const size_t broken_indent = indent() + (op.number == 0 ? 0 : 2);
  if (pending_.is_set) {
    pending_.indent = broken_indent;
    return;
  }
  const auto level = static_cast<int>(op.number);
  const size_t here = column_ + op.text.size();
  bool is_kept = is_flat() || fits(index + 1, here, level);
  if (!is_kept && !fits(index + 1, broken_indent, level)) is_kept = op.flag || fits(index + 1, here, level, true);
  if (is_kept)
    blanks_ = op.text;
  else
    break_line(broken_indent, false);
}

void Layout::step(size_t index) {
  const Op& op = ops_[index];
  switch (op.kind) {
    case OpKind::Text:
      write(op.text, op.flag);
      break;
    case OpKind::Space:
      blanks_ = " ";
      break;
    case OpKind::Separator:
      separate(op, index);
      break;
    case OpKind::Line:
      if (is_flat())
        blanks_ = op.text;
      else
        break_line(indent(), op.flag);
      break;
    case OpKind::HardLine:
      break_line(indent(), op.flag);
      break;
    case OpKind::BeginGroup:
      groups_.push_back(is_flat() || (!op.flag && fits(index + 1, column(), -1)));
      if (groups_.back()) ++flat_depth_;
      break;
    case OpKind::EndGroup:
      if (groups_.back()) --flat_depth_;
      groups_.pop_back();
      break;
    case OpKind::BeginNest:
      nests_.push_back((pending_.is_set ? pending_.indent : line_indent_) + op.number);
      break;
    case OpKind::EndNest:
      nests_.pop_back();
      break;
    case OpKind::TrailingComment:
      blanks_ = "  ";
      write("#" + op.text, false);
      break_line(indent(), true);
      break;
    case OpKind::OwnLineComment:
      if (!pending_.is_set) break_line(indent(), true);
      write("#" + op.text, op.flag);
      break_line(line_indent_, true);
      break;
  }
}

std::string Layout::print() {
  break_groups_around_breaks();
  pending_ = {true, true, 0};
  for (size_t i = 0; i < ops_.size(); ++i) step(i);
  if (!out_.empty()) out_ += '\n';
  return std::move(out_);
}

}  // namespace sluice::syntax
