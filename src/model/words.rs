//! Words for the cases of an enum, listed once: keys, messages and readers use the same list, and a case without a word
//! does not compile.

/// An enum that the language spells in words.
pub(super) trait Word: Copy + 'static {
    /// The words, in the order of the manual.
    const WORDS: &'static [&'static str];
    /// What each of them stands for.
    const CASES: &'static [Self];

    /// The case of a word.
    fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().zip(Self::CASES).find_map(|(own, case)| (*own == word).then_some(*case))
    }
}

/// Gives each case of an enum its word.
macro_rules! words {
    ($name:ident: $($word:literal => $case:ident),+) => {
        impl crate::model::words::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];
            const CASES: &'static [$name] = {
                const fn has_a_word(case: $name) -> $name {
                    match case {
                        $($name::$case => case),+
                    }
                }
                &[$(has_a_word($name::$case)),+]
            };
        }
    };
}

pub(super) use words;
