"""The events of the module nexmark once more, written from docs/nexmark.md: slow, exact, and without a line in common
with stdlib/connectors/nexmark_*."""

import struct
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from math import gcd

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
PURPOSES = ("name", "email", "credit_card", "city", "state", "person_extra", "item_name", "description", "initial_bid",
            "reserve", "expires", "seller", "category", "auction_extra", "auction", "bidder", "price", "channel",
            "bid_extra", "letters", "words", "url", "channel_id", "order")
FIRST_NAMES = "Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter".split()
LAST_NAMES = "Shultz Abrams Spencer White Bartels Walton Smith Jones Noris".split()
CITIES = ("Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne").split(",")
STATES = "AZ CA ID OR WA WY".split()
HOT_CHANNELS = "Google Facebook Baidu Apple".split()
POOL = 65536 + 1024

PERSON = ("id", "name", "email_address", "credit_card", "city", "state", "date_time", "extra")
AUCTION = ("id", "item_name", "description", "initial_bid", "reserve", "date_time", "expires", "seller", "category",
           "extra")
BID = ("auction", "bidder", "price", "channel", "url", "date_time", "extra")
COLUMNS = {"person": PERSON, "auction": AUCTION, "bid": BID}


def mix(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def high(bits, n):
    return (bits >> 32) * n >> 32


def low(bits, n):
    return (bits & 0xFFFFFFFF) * n >> 32


def to_float(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def price_of(bits):
    u = to_float((bits >> 12) | 0x3FF0000000000000) - 1.0
    exponent = u * 19.931568569324174
    whole = round(exponent)
    f = (exponent - whole) * 0.6931471805599453
    power = 1.0 / 362880.0
    for divisor in (40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0):
        power = power * f + 1.0 / divisor
    return round(100.0 * power * 2.0 ** whole)


def time_text(micros):
    time = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return time.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


class Nexmark:
    def __init__(self, events, rate=100_000, seed=0, start=1436918400000000, disorder=0):
        self.events, self.rate, self.start = events, rate, start
        self.keys = {name: mix((seed + GOLDEN * (i + 1)) & MASK) for i, name in enumerate(PURPOSES)}
        self.group = max(1, disorder * rate // 1_000_000 // 50)
        self.letters = "".join(chr(97 + high(self.draw("letters", i), 26)) for i in range(POOL))
        words = ""
        for i in range(POOL):
            bits = self.draw("words", i)
            is_blank = high(bits, 13) == 0 and words and words[-1] != " "
            words += " " if is_blank else chr(97 + low(bits, 26))
        self.words = words

    def draw(self, purpose, number):
        return mix((number * GOLDEN + self.keys[purpose]) & MASK)

    # ---- order ----
    def order(self):
        """The ids in the order of arrival."""
        whole_epochs = self.events // 50
        for epoch in range((self.events + 49) // 50):
            for offset in range(min(50, self.events - 50 * epoch)):
                yield 50 * self.epoch_at(epoch, offset, whole_epochs) + offset

    def epoch_at(self, epoch, offset, whole_epochs):
        if self.group <= 1 or epoch >= whole_epochs:
            return epoch
        begin = epoch // self.group * self.group
        count = min(self.group, whole_epochs - begin)
        step = max(1, count * 618 // 1000)
        while gcd(step, count) != 1:
            step += 1
        shift = high(self.draw("order", begin * 50 + offset), count)
        return begin + ((epoch - begin) * step + shift) % count

    # ---- events ----
    def stream(self, kind):
        """Rows of one kind, as tuples in the order of its columns, in the order of arrival."""
        for event in self.order():
            if self.kind_of(event) == kind:
                yield getattr(self, kind)(event)

    @staticmethod
    def kind_of(event):
        return "person" if event % 50 == 0 else "auction" if event % 50 < 4 else "bid"

    def time(self, event):
        return self.start + event * 1_000_000 // self.rate

    def extra(self, purpose, event, size, wanted):
        missing = max(0, wanted - size)
        delta = (2 * missing + 5) // 10
        bits = self.draw(purpose, event)
        begin = bits >> 48
        return self.letters[begin:begin + missing - delta + low(bits, 2 * delta)]

    def text(self, purpose, event, longest):
        bits = self.draw(purpose, event)
        begin = bits >> 48
        return self.words[begin:begin + 3 + low(bits, longest - 3)].strip()

    def some_person(self, bits, epoch):
        active = min(epoch + 1, 1000)
        return epoch + 1 - active + high(bits, active + 10)

    def person(self, event):
        bits = self.draw("email", event)
        begin, domain = bits >> 48, bits >> 32 & 0xFFFF
        email = self.letters[begin:begin + 3 + (bits & 3)] + "@"
        email += self.letters[domain:domain + 3 + (bits >> 2 & 1)] + ".com"
        bits = self.draw("credit_card", event)
        card = " ".join(f"{(bits >> 16 * i & 0xFFFF) * 10000 >> 16:04d}" for i in range(4))
        number = high(self.draw("name", event), 99)
        name = FIRST_NAMES[number // 9] + " " + LAST_NAMES[number % 9]
        city = CITIES[high(self.draw("city", event), 10)]
        state = STATES[high(self.draw("state", event), 6)]
        size = 8 + len(name) + len(email) + len(card) + len(city) + len(state)
        return (1000 + event // 50, name, email, card, city, state, time_text(self.time(event)),
                self.extra("person_extra", event, size, 200))

    def auction(self, event):
        epoch = event // 50
        item, description = self.text("item_name", event, 20), self.text("description", event, 100)
        initial = price_of(self.draw("initial_bid", event))
        reserve = initial + price_of(self.draw("reserve", event))
        longest = max(1, 2 * (1667 * 1000 // self.rate))
        expires = self.time(event) + 1000 * (1 + high(self.draw("expires", event), longest))
        bits = self.draw("seller", event)
        seller = 1000 + (epoch // 100 * 100 if bits & 3 else self.some_person(bits, epoch))
        category = 10 + high(self.draw("category", event), 5)
        return (1000 + 3 * epoch + event % 50 - 1, item, description, initial, reserve, time_text(self.time(event)),
                time_text(expires), seller, category,
                self.extra("auction_extra", event, 48 + len(item) + len(description), 500))

    def bid(self, event):
        epoch = event // 50
        bits = self.draw("auction", event)
        last = 3 * epoch + 2
        first = max(0, last - 100)
        auction = 1000 + (last // 100 * 100 if bits & 1 else first + high(bits, last - first + 11))
        bits = self.draw("bidder", event)
        bidder = 1000 + (epoch // 100 * 100 + 1 if bits & 3 else self.some_person(bits, epoch))
        bits = self.draw("channel", event)
        channel, url = self.channel(10_000 + (bits >> 1 & 3) if bits & 1 else high(bits, 10_000))
        return (auction, bidder, price_of(self.draw("price", event)), channel, url, time_text(self.time(event)),
                self.extra("bid_extra", event, 32, 100))

    @lru_cache(maxsize=None)
    def channel(self, index):
        bits = self.draw("url", index)
        folders = []
        for shift in (3, 2, 1):
            begin = bits >> 16 * shift & 0xFFFF
            folders.append(self.words[begin:begin + 3 + (bits >> shift - 1 & 1)].replace(" ", "_"))
        url = f"https://www.nexmark.com/{'/'.join(folders)}/item.htm?query=1"
        if index >= 10_000:
            return HOT_CHANNELS[index - 10_000], url
        if high(self.draw("channel_id", index), 10) != 0:
            reverse = int(f"{index:032b}"[::-1], 2)
            url += f"&channel_id={reverse if reverse < 1 << 31 else (1 << 32) - reverse}"
        return f"channel-{index}", url
