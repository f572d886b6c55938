#include "stdlib/connectors/nexmark_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

namespace sluice {

using nexmark::Draw;

namespace {

constexpr std::string_view kHotChannelNames[] = {"Google", "Facebook", "Baidu", "Apple"};
// Longest string that is taken from a pool, and what may be read behind it.
constexpr size_t kPoolTail = 1024;

uint64_t reverse_bits(uint32_t value) {
  uint32_t reversed = 0;
  for (int bit = 0; bit < 32; ++bit) reversed |= (value >> bit & 1) << (31 - bit);
  const int64_t number = static_cast<int32_t>(reversed);
  return static_cast<uint64_t>(number < 0 ? -number : number);
}

}  // namespace

NexmarkModel::NexmarkModel(const NexmarkConfig& config) : config_(config) {
  for (size_t i = 0; i < keys_.size(); ++i) keys_[i] = nexmark::key_of(config_.seed, static_cast<Draw>(i));
  // An auction is open for the time of so many events, on average.
  constexpr uint64_t kHorizon = 1667;
  longest_auction_ = std::max<uint64_t>(1, 2 * (kHorizon * 1000 / config_.rate));
  const auto group_events = static_cast<unsigned __int128>(config_.disorder) * config_.rate / 1'000'000;
  group_ = std::max<uint64_t>(1, static_cast<uint64_t>(group_events / nexmark::kEpoch));
  whole_ = last_ = permutation_of(group_);
  if (config_.events != 0) {
    last_end_ = config_.events / nexmark::kEpoch;
    last_begin_ = last_end_ / group_ * group_;
    last_ = permutation_of(std::max<uint64_t>(1, last_end_ - last_begin_));
  }
  make_pools();
  make_channels();
}

// A step that shares no factor with the number of epochs reaches each of them; one near the golden section spreads
// neighbours far apart.
NexmarkModel::Permutation NexmarkModel::permutation_of(uint64_t count) {
  Permutation result{count, std::max<uint64_t>(1, count * 618 / 1000)};
  while (std::gcd(result.step, count) != 1) ++result.step;
  return result;
}

uint64_t NexmarkModel::epoch_at(uint64_t place_epoch, uint64_t offset) const {
  if (group_ <= 1 || place_epoch >= last_end_) return place_epoch;
  const uint64_t begin = place_epoch / group_ * group_;
  const Permutation& permutation = begin == last_begin_ ? last_ : whole_;
  const uint64_t bits = nexmark::draw(key(Draw::Order), begin * nexmark::kEpoch + offset);
  const uint64_t shift = nexmark::below(bits, permutation.count);
  return begin + ((place_epoch - begin) * permutation.step + shift) % permutation.count;
}

abi::StringRef NexmarkModel::words(uint64_t offset, uint64_t size) const {
  const char* data = words_.data() + offset;
  if (size != 0 && data[size - 1] == ' ') --size;
  if (size != 0 && data[0] == ' ') ++data, --size;
  return {data, size};
}

void NexmarkModel::make_pools() {
  letters_.resize(kPool + kPoolTail);
  words_.resize(kPool + kPoolTail);
  const uint64_t letters_key = key(Draw::Letters);
  const uint64_t words_key = key(Draw::Words);
  for (size_t i = 0; i < letters_.size(); ++i) {
    letters_[i] = static_cast<char>('a' + nexmark::below(nexmark::draw(letters_key, i), 26));
    const uint64_t bits = nexmark::draw(words_key, i);
    const bool is_blank = nexmark::below(bits, 13) == 0 && i != 0 && words_[i - 1] != ' ';
    words_[i] = is_blank ? ' ' : static_cast<char>('a' + nexmark::below_low(bits, 26));
  }
}

void NexmarkModel::make_channels() {
  std::vector<std::pair<size_t, size_t>> channel_ends;  // of the name and of the url
  for (uint64_t i = 0; i < nexmark::kChannels + nexmark::kHotChannels; ++i) {
    const bool is_hot = i >= nexmark::kChannels;
    const uint64_t bits = nexmark::draw(key(Draw::Url), i);
    const auto directory = [&](unsigned shift) {
      std::string text = words_.substr(bits >> (16 * shift) & 0xffff, 3 + (bits >> (shift - 1) & 1));
      std::ranges::replace(text, ' ', '_');
      return text;
    };
    channel_text_ += is_hot ? std::string(kHotChannelNames[i - nexmark::kChannels]) : fmt::format("channel-{}", i);
    url_text_ +=
        fmt::format("https://www.nexmark.com/{}/{}/{}/item.htm?query=1", directory(3), directory(2), directory(1));
    const bool has_id = !is_hot && nexmark::below(nexmark::draw(key(Draw::ChannelId), i), 10) != 0;
    if (has_id) url_text_ += fmt::format("&channel_id={}", reverse_bits(static_cast<uint32_t>(i)));
    channel_ends.emplace_back(channel_text_.size(), url_text_.size());
  }
  channel_text_.append(abi::kStringSlack, ' ');
  url_text_.append(abi::kStringSlack, ' ');
  size_t channel_begin = 0;
  size_t url_begin = 0;
  for (const auto& [channel_end, url_end] : channel_ends) {
    channels_.push_back({channel_text_.data() + channel_begin, channel_end - channel_begin});
    urls_.push_back({url_text_.data() + url_begin, url_end - url_begin});
    channel_begin = channel_end;
    url_begin = url_end;
  }
}

}  // namespace sluice
