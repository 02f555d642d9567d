//! The addresses of draws, and the ChaCha8 streams behind them.

use super::Word;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Where all draws of one replication come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    seed: u64,
    replication: u64,
}

/// What a draw decides. The numbers are part of the address, so they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// When the next plan arrives.
    Arrival = 1,
    /// How many plans arrive together.
    Batch = 2,
    /// How long a user thinks before the next plan.
    Think = 3,
    /// How long the traffic stays in a state of its burst process.
    Burst = 4,
    /// How long a provider takes to answer.
    Latency = 5,
    /// Whether an attempt succeeds, or which error it ends in.
    Outcome = 6,
    /// The jitter of a backoff.
    Retry = 7,
    /// Which isolate, region or fallback serves.
    Routing = 8,
    /// How long an operation on a store takes, and how it ends.
    Op = 9,
    /// When a cache forgets an entry under pressure.
    Pressure = 10,
    /// When an isolate goes.
    Restart = 11,
    /// Who reads a record, and from where.
    Reader = 12,
    /// How long a call waits before it reneges.
    Patience = 13,
    /// When a part goes down and how long it stays so.
    Outage = 14,
    /// How large something is: tokens, bytes.
    Size = 15,
    /// Whether a request is itself faulty, or which content it has.
    Content = 16,
    /// How stale the copy is that a reader sees.
    Staleness = 17,
    /// How long an isolate takes to start.
    Start = 18,
    /// Which points of a design are simulated.
    Design = 19,
    /// Which isolate a visit of a diagnostics page lands on.
    Page = 20,
    /// Whether and when a user comes back after an overload answer.
    Retrial = 21,
    /// Whether an attempt is never answered.
    Hang = 22,
    /// How an attempt goes that races another.
    Hedge = 23,
    /// How long an operation at the end of a plan or a day takes, and how it ends.
    Summary = 24,
    /// How much processor time a call takes.
    Cpu = 25,
    /// When a new value of a setting reaches an isolate.
    Reach = 26,
    /// How long the first token of an answer takes.
    FirstToken = 27,
}

impl Source {
    /// The draws of one replication under a seed.
    pub fn new(seed: u64, replication: u64) -> Source {
        Source { seed, replication }
    }

    /// The draws of one lane in order: words 0, 1, 2, …
    pub fn stream(&self, component: &str, purpose: Purpose, lane: u64) -> Stream {
        let mut rng = self.cipher(component, purpose);
        rng.set_stream(lane);
        Stream { rng, words: [0; WINDOW], taken: WINDOW }
    }

    /// The draws of all lanes, at any position.
    pub fn scatter(&self, component: &str, purpose: Purpose) -> Scatter {
        Scatter { rng: self.cipher(component, purpose), windows: vec![Window::empty(0)] }
    }

    fn cipher(&self, component: &str, purpose: Purpose) -> ChaCha8Rng {
        let mut key = [0; 32];
        for (i, part) in [self.seed, self.replication, fnv1a(component), purpose as u64].into_iter().enumerate() {
            key[8 * i..8 * i + 8].copy_from_slice(&part.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

/// Fowler, Noll and Vo's 64-bit hash, variant 1a: the same number for a name on every platform and in every release.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Words that the cipher makes at once: four ChaCha blocks.
const WINDOW: usize = 32;
/// Words in a ChaCha block; a window starts at one.
const BLOCK: u64 = 8;
/// Too far from any position in use to be mistaken for one.
const NOWHERE: u64 = 1 << 63;

/// A stretch of one lane's words.
#[derive(Clone)]
struct Window {
    lane: u64,
    /// The position of the first word; [`NOWHERE`] where nothing has been made yet.
    start: u64,
    words: [u64; WINDOW],
}

impl Window {
    fn empty(lane: u64) -> Window {
        Window { lane, start: NOWHERE, words: [0; WINDOW] }
    }

    /// The word at a position of the window's lane.
    #[inline]
    fn word(&mut self, rng: &mut ChaCha8Rng, position: u64) -> Word {
        let ahead = position.wrapping_sub(self.start);
        if ahead >= WINDOW as u64 {
            return self.refill(rng, position);
        }
        Word(self.words[ahead as usize])
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self, rng: &mut ChaCha8Rng, position: u64) -> Word {
        self.start = position / BLOCK * BLOCK;
        rng.set_word_pos(0); // empties the generator's own buffer, which a change of stream would make anew
        rng.set_stream(self.lane);
        rng.set_word_pos(u128::from(self.start) * 2); // the generator counts 32-bit words
        fill(rng, &mut self.words);
        Word(self.words[(position - self.start) as usize])
    }
}

/// The words that come next.
#[inline]
fn fill(rng: &mut ChaCha8Rng, words: &mut [u64; WINDOW]) {
    let mut bytes = [0; 8 * WINDOW];
    rng.fill_bytes(&mut bytes);
    for (word, eight) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(eight.try_into().expect("chunks of eight"));
    }
}

/// The draws of one lane, in order.
#[derive(Clone)]
pub struct Stream {
    rng: ChaCha8Rng,
    words: [u64; WINDOW],
    /// How many of `words` have been handed out.
    taken: usize,
}

impl Stream {
    /// The next word.
    #[inline]
    #[allow(clippy::should_implement_trait)] // a stream has no end
    pub fn next(&mut self) -> Word {
        match self.words.get(self.taken) {
            Some(word) => {
                self.taken += 1;
                Word(*word)
            }
            None => self.refill(),
        }
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) -> Word {
        fill(&mut self.rng, &mut self.words);
        self.taken = 1;
        Word(self.words[0])
    }
}

/// Lanes whose windows are kept at the same time.
const LANES: u64 = 64;

/// The draws of one component and purpose, at any lane and position.
///
/// A window of words is kept for each of 64 lanes, so that neighbouring positions of a lane come out of one buffer.
#[derive(Clone)]
pub struct Scatter {
    rng: ChaCha8Rng,
    windows: Vec<Window>,
}

impl Scatter {
    /// The words of a lane from a position on. Where an address needs several words, positions are that far apart.
    #[inline]
    pub fn at(&mut self, lane: u64, position: u64) -> Words<'_> {
        let slot = (lane % LANES) as usize;
        if slot >= self.windows.len() {
            self.grow(slot);
        }
        let window = &mut self.windows[slot];
        if window.lane != lane {
            *window = Window::empty(lane);
        }
        Words { rng: &mut self.rng, window, next: position }
    }

    #[cold]
    fn grow(&mut self, slot: usize) {
        let lanes = self.windows.len() as u64..=slot as u64;
        self.windows.extend(lanes.map(Window::empty));
    }
}

/// Successive words of one lane.
pub struct Words<'a> {
    rng: &'a mut ChaCha8Rng,
    window: &'a mut Window,
    next: u64,
}

impl Words<'_> {
    /// The next word.
    #[inline]
    #[allow(clippy::should_implement_trait)] // it has no end
    pub fn next(&mut self) -> Word {
        let position = self.next;
        self.next += 1;
        self.window.word(self.rng, position)
    }
}

macro_rules! opaque {
    ($($name:ty),+) => {$(
        impl std::fmt::Debug for $name {
            /// The address only: the words are noise.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}
opaque!(Stream, Scatter, Words<'_>);

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u64, replication: u64, component: &str, purpose: Purpose, lane: u64) -> [u64; 3] {
        let mut stream = Source::new(seed, replication).stream(component, purpose, lane);
        std::array::from_fn(|_| stream.next().0)
    }

    /// Frozen: these words change only if every report may change.
    #[test]
    fn known_words() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325); // the published offset basis
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8); // the authors' test vector
        let words = first(20_260_216, 0, "traffic.user", Purpose::Arrival, 0);
        assert_eq!(words, [0x98e2_0b68_5609_b482, 0xa7e8_ffc9_10c9_9dbf, 0x16ea_751c_6edd_38f7]);
    }

    /// The key and the nonce are laid out as documented: the cipher itself gives the same words.
    #[test]
    fn an_address_is_a_cipher_key_and_a_stream() {
        let mut key = [0; 32];
        key[0] = 7;
        key[8] = 3;
        key[16..24].copy_from_slice(&fnv1a("queue.ai").to_le_bytes());
        key[24] = 5;
        let mut cipher = ChaCha8Rng::from_seed(key);
        cipher.set_stream(9);
        let words = first(7, 3, "queue.ai", Purpose::Latency, 9);
        assert_eq!(words, [cipher.next_u64(), cipher.next_u64(), cipher.next_u64()]);
    }

    #[test]
    fn every_part_of_the_address_counts() {
        let base = first(1, 2, "a", Purpose::Arrival, 3);
        for other in [
            first(2, 2, "a", Purpose::Arrival, 3),
            first(1, 3, "a", Purpose::Arrival, 3),
            first(1, 2, "b", Purpose::Arrival, 3),
            first(1, 2, "a", Purpose::Think, 3),
            first(1, 2, "a", Purpose::Arrival, 4),
        ] {
            assert!(base.iter().all(|word| !other.contains(word)));
        }
    }

    #[test]
    fn any_order_gives_the_words_of_the_sequence() {
        let source = Source::new(5, 1);
        let mut scatter = source.scatter("provider.openai", Purpose::Outcome);
        for (lane, position) in [(0, 0), (3, 100), (3, 101), (67, 100), (3, 7), (1, 31), (1, 32), (1, 33), (3, 100)] {
            let mut stream = source.stream("provider.openai", Purpose::Outcome, lane);
            for _ in 0..position {
                stream.next();
            }
            let mut words = scatter.at(lane, position);
            for ahead in 0..40 {
                assert_eq!(words.next(), stream.next(), "lane {lane}, word {}", position + ahead);
            }
        }
    }
}
