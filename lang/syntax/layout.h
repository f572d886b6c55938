// layout: breaks a stream of texts into lines of at most 100 columns. A small pretty printer: groups whose lines break
// together, separators that break one by one where the next unit does not fit, and comments, which end their line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::syntax {

inline constexpr size_t kLineWidth = 100;

// Columns that a text takes on a terminal (of its last line).
[[nodiscard]] size_t display_width(std::string_view text);

// Builds the layout of one file; text() prints it.
class Layout {
 public:
  // `blank_before`: an empty line stood before it in the source; kept where a line starts anyway.
  void text(std::string_view text, bool blank_before = false);
  void space();
  // Breaks where what follows, up to the next separator of this level or a lower one, does not fit. One that stays
  // breaks only when that helps.
  void separator(uint8_t level, std::string_view flat, bool stays = false);
  // Breaks when its group does.
  void line(std::string_view flat, bool allows_blank);
  void hard_line(bool allows_blank = true);
  // What a group means for a line that ends in it: Plain: it should fit there as a whole. Braces: where nothing else
  // helps, the line may end behind the opening brace. Block: the line may always end there.
  enum class GroupKind : uint8_t { Plain, Braces, Block };
  void begin_group(bool is_broken, GroupKind kind = GroupKind::Plain);
  void end_group();
  // Lines that break inside are indented from the line this stands on.
  void begin_nest(uint32_t columns);
  void end_nest();
  void trailing_comment(std::string_view text);
  void own_line_comment(std::string_view text, bool blank_before);

  [[nodiscard]] std::string print();

 private:
  enum class OpKind : uint8_t {
    Text,
    Space,
    Separator,
    Line,
    HardLine,
    BeginGroup,
    EndGroup,
    BeginNest,
    EndNest,
    TrailingComment,
    OwnLineComment
  };
  struct Op {
    OpKind kind;
    std::string text = {};
    uint32_t number = 0;  // level of a separator, columns of a nest
    bool flag = false;    // blank_before, allows_blank, is_broken, stays
    GroupKind group = GroupKind::Plain;
  };
  // A line break that was asked for; made when the next text comes.
  struct Pending {
    bool is_set = false;
    bool allows_blank = false;
    size_t indent = 0;
  };

  void break_groups_around_breaks();
  [[nodiscard]] bool fits(size_t from, size_t column, int level, bool may_open_braces = false) const;
  void break_line(size_t indent, bool allows_blank) { pending_ = {true, allows_blank, indent}; }
  void write(std::string_view text, bool blank_before);
  void separate(const Op& op, size_t index);
  void step(size_t index);
  [[nodiscard]] size_t indent() const { return nests_.empty() ? 0 : nests_.back(); }
  [[nodiscard]] size_t column() const { return pending_.is_set ? pending_.indent : column_ + blanks_.size(); }
  [[nodiscard]] bool is_flat() const { return flat_depth_ != 0; }

  std::vector<Op> ops_;
  std::string out_;
  size_t column_ = 0;
  size_t line_indent_ = 0;
  Pending pending_;
  std::string_view blanks_;  // to be written in front of the next text of this line
  std::vector<size_t> nests_;
  std::vector<bool> groups_;  // whether each open group is flat
  size_t flat_depth_ = 0;
};

}  // namespace sluice::syntax
