#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "stdlib/catalog.h"
#include "stdlib/connectors/nexmark_model.h"

namespace sluice {
namespace {

using nexmark::fill_column;
using nexmark::next_batch;

NexmarkConfig config_of(uint64_t events, uint64_t disorder = 0, uint64_t seed = 7) {
  NexmarkConfig config;
  config.events = events;
  config.rate = 100'000;
  config.seed = seed;
  config.start = 1'000'000;
  config.disorder = disorder;
  return config;
}

// Calls visit(chunk, batch) for the batches of the places [begin, end).
template <class Visit>
void for_each_batch(const NexmarkModel& model, uint64_t begin, uint64_t end, uint32_t kinds, const Visit& visit) {
  auto chunk = std::make_unique<NexmarkChunk>();
  chunk->model = &model;
  chunk->begin = begin;
  chunk->end = end;
  auto batch = std::make_unique<NexmarkBatch>();
  batch->next = 0;
  while (next_batch(*chunk, kinds, *batch) != 0) visit(*chunk, *batch);
}

// All ids in the order of arrival, read in pieces of `step` places.
std::vector<uint64_t> ids_of(const NexmarkModel& model, uint64_t events, uint64_t step, uint32_t kinds = 7) {
  std::vector<uint64_t> ids;
  for (uint64_t begin = 0; begin < events; begin += step) {
    for_each_batch(model, begin, std::min(begin + step, events), kinds, [&](NexmarkChunk&, const NexmarkBatch& batch) {
      size_t next[kNexmarkKinds] = {};
      const uint64_t rows = batch.counts[0] + batch.counts[1] + batch.counts[2];
      for (uint64_t row = 0; row < rows; ++row) ids.push_back(batch.ids[batch.kinds[row]][next[batch.kinds[row]]++]);
    });
  }
  return ids;
}

template <class Value>
std::vector<Value> column(const NexmarkModel& model, uint64_t events, NexmarkKind kind, NexmarkColumn name,
                          uint64_t step = 1'000'000) {
  std::vector<Value> values;
  for (uint64_t begin = 0; begin < events; begin += step) {
    for_each_batch(model, begin, std::min(begin + step, events), 1u << static_cast<unsigned>(kind),
                   [&](NexmarkChunk& chunk, const NexmarkBatch& batch) {
                     if constexpr (std::is_same_v<Value, std::string>) {
                       abi::StringRef texts[NexmarkBatch::kRows];
                       fill_column(chunk, kind, name, batch, texts);
                       for (size_t i = 0; i < batch.counts[static_cast<size_t>(kind)]; ++i)
                         values.emplace_back(texts[i].data, texts[i].size);
                     } else {
                       int64_t numbers[NexmarkBatch::kRows];
                       fill_column(chunk, kind, name, batch, numbers);
                       values.insert(values.end(), numbers, numbers + batch.counts[static_cast<size_t>(kind)]);
                     }
                   });
  }
  return values;
}

double share(size_t part, size_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

TEST(Nexmark, EventsComeInTheOrderOfTheirIds) {
  const NexmarkModel model(config_of(1234));
  const auto ids = ids_of(model, 1234, 1234);
  ASSERT_EQ(ids.size(), 1234u);
  for (uint64_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], i);
}

TEST(Nexmark, AnySplitGivesTheSameEvents) {
  for (const uint64_t disorder : {0, 20'000}) {
    const NexmarkModel model(config_of(5003, disorder));
    const auto whole = ids_of(model, 5003, 5003);
    for (const uint64_t step : {1, 7, 50, 256, 1000}) EXPECT_EQ(ids_of(model, 5003, step), whole) << step;
    const auto prices = column<int64_t>(model, 5003, NexmarkKind::Bid, NexmarkColumn::price);
    const auto emails = column<std::string>(model, 5003, NexmarkKind::Person, NexmarkColumn::email_address);
    for (const uint64_t step : {3, 77, 1000}) {
      EXPECT_EQ(column<int64_t>(model, 5003, NexmarkKind::Bid, NexmarkColumn::price, step), prices);
      EXPECT_EQ(column<std::string>(model, 5003, NexmarkKind::Person, NexmarkColumn::email_address, step), emails);
    }
  }
}

TEST(Nexmark, OneKindIsThePartOfAllKinds) {
  const NexmarkModel model(config_of(5003, 20'000));
  const auto all = ids_of(model, 5003, 5003);
  for (uint32_t mask = 1; mask < 8; ++mask) {
    std::vector<uint64_t> expected;
    for (const uint64_t id : all) {
      const uint64_t kind = id % 50 == 0 ? 0 : id % 50 < 4 ? 1 : 2;
      if ((mask >> kind & 1) != 0) expected.push_back(id);
    }
    EXPECT_EQ(ids_of(model, 5003, 999, mask), expected) << mask;
  }
}

TEST(Nexmark, DisorderMovesEventsWithinItsBound) {
  // 0.25 s at 100,000/s are 500 epochs; 2,010 of them end in a part of a group, and some events in a part of an epoch.
  constexpr uint64_t kEvents = 2010 * 50 + 13;
  constexpr uint64_t kDisorder = 250'000;
  const NexmarkModel model(config_of(kEvents, kDisorder));
  const auto ids = ids_of(model, kEvents, 4096);
  EXPECT_EQ(std::set<uint64_t>(ids.begin(), ids.end()).size(), kEvents);
  EXPECT_EQ(*std::ranges::max_element(ids), kEvents - 1);
  uint64_t latest = 0;
  uint64_t largest_delay = 0;
  for (const uint64_t id : ids) {
    latest = std::max(latest, model.elapsed(id));
    largest_delay = std::max(largest_delay, latest - model.elapsed(id));
  }
  EXPECT_LE(largest_delay, kDisorder);
  EXPECT_GT(largest_delay, kDisorder * 9 / 10);
}

TEST(Nexmark, TimesAreExact) {
  for (const uint64_t rate : {1u, 3u, 7u, 1000u, 99'999u, 10'000'000u, 999'999'937u}) {
    NexmarkConfig config = config_of(100'000);
    config.rate = rate;
    const NexmarkModel model(config);
    const auto times = column<int64_t>(model, 100'000, NexmarkKind::Person, NexmarkColumn::date_time);
    for (size_t i = 0; i < times.size(); ++i) {
      const auto expected = static_cast<int64_t>(static_cast<__int128>(i) * 50 * 1'000'000 / rate);
      ASSERT_EQ(times[i], 1'000'000 + expected) << rate;
    }
  }
}

TEST(Nexmark, PricesFollowTheFormula) {
  const NexmarkModel model(config_of(100'000));
  const auto prices = column<int64_t>(model, 100'000, NexmarkKind::Bid, NexmarkColumn::price);
  std::map<int, size_t> decades;
  for (size_t i = 0; i < prices.size(); ++i) {
    const uint64_t id = i / 46 * 50 + 4 + i % 46;
    const uint64_t bits = nexmark::draw(model.key(nexmark::Draw::Price), id);
    EXPECT_EQ(prices[i], static_cast<int64_t>(nexmark::price(bits)));
    const double exact = 100 * std::pow(10.0, 6 * static_cast<double>(bits >> 12) * 0x1p-52);
    EXPECT_NEAR(static_cast<double>(prices[i]), exact, 0.51);
    ++decades[static_cast<int>(std::log10(exact))];
  }
  for (int decade = 2; decade < 8; ++decade) EXPECT_NEAR(share(decades[decade], prices.size()), 1.0 / 6, 0.01);
}

TEST(Nexmark, BidsFavourTheHot) {
  constexpr uint64_t kEvents = 500'000;
  const NexmarkModel model(config_of(kEvents));
  const auto auctions = column<int64_t>(model, kEvents, NexmarkKind::Bid, NexmarkColumn::auction);
  const auto bidders = column<int64_t>(model, kEvents, NexmarkKind::Bid, NexmarkColumn::bidder);
  size_t hot_auctions = 0;
  size_t hot_bidders = 0;
  for (size_t i = 0; i < auctions.size(); ++i) {
    const auto epoch = static_cast<int64_t>(i / 46);
    const int64_t last = 3 * epoch + 2;
    EXPECT_GE(auctions[i], 1000 + std::min<int64_t>(std::max<int64_t>(0, last - 100), last / 100 * 100));
    EXPECT_LE(auctions[i], 1000 + last + 10);
    EXPECT_GE(bidders[i], 1000 + std::max<int64_t>(0, epoch - 999));
    EXPECT_LE(bidders[i], 1000 + epoch + 10);
    hot_auctions += auctions[i] == 1000 + last / 100 * 100;
    hot_bidders += bidders[i] == 1000 + epoch / 100 * 100 + 1;
  }
  EXPECT_NEAR(share(hot_auctions, auctions.size()), 0.5 + 0.5 / 111, 0.01);
  EXPECT_NEAR(share(hot_bidders, bidders.size()), 0.75, 0.01);
}

TEST(Nexmark, AuctionsAndTheirSellers) {
  constexpr uint64_t kEvents = 500'000;
  const NexmarkModel model(config_of(kEvents));
  const auto ids = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::auction_id);
  const auto sellers = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::seller);
  const auto categories = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::category);
  const auto opened = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::date_time);
  const auto expires = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::expires);
  const auto initial = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::initial_bid);
  const auto reserve = column<int64_t>(model, kEvents, NexmarkKind::Auction, NexmarkColumn::reserve);
  std::map<int64_t, size_t> by_category;
  size_t hot = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto epoch = static_cast<int64_t>(i / 3);
    EXPECT_EQ(ids[i], 1000 + static_cast<int64_t>(i));
    hot += sellers[i] == 1000 + epoch / 100 * 100;
    EXPECT_LE(sellers[i], 1000 + epoch + 10);
    ++by_category[categories[i]];
    EXPECT_GE(expires[i] - opened[i], 1'000);
    EXPECT_LE(expires[i] - opened[i], 32'000);  // twice the time of 1,667 events
    EXPECT_EQ((expires[i] - opened[i]) % 1000, 0);
    EXPECT_GT(reserve[i], initial[i]);
  }
  EXPECT_NEAR(share(hot, ids.size()), 0.75, 0.01);
  ASSERT_EQ(by_category.size(), 5u);
  for (int64_t category = 10; category < 15; ++category)
    EXPECT_NEAR(share(by_category[category], ids.size()), 0.2, 0.01);
}

TEST(Nexmark, ChannelsHaveFixedUrls) {
  constexpr uint64_t kEvents = 500'000;
  const NexmarkModel model(config_of(kEvents));
  const auto channels = column<std::string>(model, kEvents, NexmarkKind::Bid, NexmarkColumn::channel);
  const auto urls = column<std::string>(model, kEvents, NexmarkKind::Bid, NexmarkColumn::url);
  std::map<std::string, std::string> url_of;
  size_t hot = 0;
  size_t with_id = 0;
  for (size_t i = 0; i < channels.size(); ++i) {
    const auto [it, is_new] = url_of.emplace(channels[i], urls[i]);
    EXPECT_EQ(it->second, urls[i]);
    const bool has_id = urls[i].find("&channel_id=") != std::string::npos;
    hot += !channels[i].starts_with("channel-");
    with_id += has_id;
    EXPECT_TRUE(channels[i].starts_with("channel-") || !has_id);
  }
  EXPECT_NEAR(share(hot, channels.size()), 0.5, 0.01);
  EXPECT_NEAR(share(with_id, channels.size() - hot), 0.9, 0.02);
  EXPECT_GT(url_of.size(), 9'000u);
  EXPECT_EQ(url_of.count("Google") + url_of.count("Facebook") + url_of.count("Baidu") + url_of.count("Apple"), 4u);
}

TEST(Nexmark, RecordsHaveTheirSizes) {
  constexpr uint64_t kEvents = 500'000;
  const NexmarkModel model(config_of(kEvents));
  const auto mean = [](const std::vector<std::string>& texts) {
    size_t total = 0;
    for (const auto& text : texts) total += text.size();
    return share(total, texts.size());
  };
  const auto text = [&](NexmarkKind kind, NexmarkColumn name) {
    return column<std::string>(model, kEvents, kind, name);
  };
  EXPECT_NEAR(32 + mean(text(NexmarkKind::Bid, NexmarkColumn::bid_extra)), 100, 1);
  EXPECT_NEAR(48 + mean(text(NexmarkKind::Auction, NexmarkColumn::item_name)) +
                  mean(text(NexmarkKind::Auction, NexmarkColumn::description)) +
                  mean(text(NexmarkKind::Auction, NexmarkColumn::auction_extra)),
              500, 3);
  EXPECT_NEAR(8 + 19 + mean(text(NexmarkKind::Person, NexmarkColumn::name)) +
                  mean(text(NexmarkKind::Person, NexmarkColumn::email_address)) +
                  mean(text(NexmarkKind::Person, NexmarkColumn::city)) +
                  mean(text(NexmarkKind::Person, NexmarkColumn::state)) +
                  mean(text(NexmarkKind::Person, NexmarkColumn::person_extra)),
              200, 2);
}

TEST(Nexmark, ColumnsOfTheConnectorAreThoseOfTheTable) {
  const auto& schema = *standard_connectors().find("nexmark_events")->fixed_schema;
  ASSERT_EQ(schema.fields.size(), std::size(kNexmarkColumns));
  for (size_t i = 0; i < schema.fields.size(); ++i) EXPECT_EQ(schema.fields[i].name, kNexmarkColumns[i].name);
}

std::unique_ptr<Source> open(std::vector<ConnectorOption> changed) {
  std::vector<ConnectorOption> options{{"events", int64_t{1000}}, {"rate", int64_t{1}},
                                       {"seed", int64_t{0}},      {"start", int64_t{0}},
                                       {"disorder", int64_t{0}},  {"pace", std::string("fast")}};
  for (auto& option : changed) std::ranges::find(options, option.name, &ConnectorOption::name)->value = option.value;
  Node node;
  node.payload = SourceNode{"nexmark_events", options, {}, {}};
  auto source = make_connector_factory({.chunk_bytes = 1600})->open_source(node);
  return source ? std::move(*source) : nullptr;
}

TEST(Nexmark, TheSourceHandsOutAllEventsOnce) {
  const auto source = open({});
  ASSERT_NE(source, nullptr);
  EXPECT_FALSE(source->may_block());
  ChunkBuffer chunk;
  uint64_t events = 0;
  for (uint64_t sequence = 0; *source->next(chunk); ++sequence) {
    EXPECT_EQ(chunk.sequence, sequence);
    EXPECT_EQ(chunk.view.row_count, 100u);
    events += chunk.view.row_count;
  }
  EXPECT_EQ(events, 1000u);
}

// Workers that share the source take chunks in turn: all must cut the same ones, however late they ask.
TEST(Nexmark, ChunksInRealTimeDoNotDependOnTheClock) {
  const auto source = open({{"pace", std::string("real")}, {"rate", int64_t{50'000}}, {"events", int64_t{1'020}}});
  ASSERT_NE(source, nullptr);
  ChunkBuffer chunk;
  uint64_t events = 0;
  while (*source->next(chunk)) {
    EXPECT_EQ(chunk.view.row_count, events < 1'000 ? 50U : 20U);
    events += chunk.view.row_count;
    std::this_thread::sleep_for(std::chrono::microseconds(500));  // whatever has become due meanwhile
  }
  EXPECT_EQ(events, 1'020U);
}

TEST(Nexmark, WaitingForAnEventCanBeInterrupted) {
  const auto source = open({{"pace", std::string("real")}});
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(source->may_block());
  ChunkBuffer chunk;
  ASSERT_TRUE(*source->next(chunk));  // the first event happens at once
  EXPECT_EQ(chunk.view.row_count, 1u);
  std::thread reader([&] {
    ChunkBuffer own;
    while (*source->next(own)) {
    }
  });
  source->interrupt();
  reader.join();
}

TEST(Nexmark, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(open({{"events", int64_t{-1}}}), nullptr);
  EXPECT_EQ(open({{"rate", int64_t{0}}}), nullptr);
  EXPECT_EQ(open({{"disorder", int64_t{-1}}}), nullptr);
  EXPECT_EQ(open({{"pace", std::string("slow")}}), nullptr);
}

}  // namespace
}  // namespace sluice
