//! Random draws, addressed by what they are for.
//!
//! A draw is one 64-bit word of a ChaCha8 stream. Its address says what it is for: the seed, the replication, the
//! component (`traffic.user`) and the [`Purpose`] make the key, a *lane* (say, the call's number within its plan)
//! picks the stream, and the *position* (say, the plan's number) the word. So the 7th call of plan 4,211 draws the
//! same latency whatever the queue length is, and a component that is added moves no draw of another.
//!
//! Every distribution is sampled by inverting its distribution function, so that one draw is always one word, and a
//! larger word is always a longer span. [`LawSpec`] is what a model says; [`Law`] is what the hot loop samples.

mod choice;
mod exact;
mod law;
mod piecewise;
mod source;
mod spec;
mod table;
mod word;

pub use choice::{Choice, Popularity};
pub use law::{Law, exponential, exponential_law, unit_exponential};
pub use source::{Purpose, Scatter, Source, Stream, Words};
pub use spec::{LawSpec, Shape};
pub use word::{Threshold, Word};

#[cfg(test)]
mod tests;
