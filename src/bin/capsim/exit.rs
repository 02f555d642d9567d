//! The exit codes, the same for every command. 1, 2 and 101 are never used, so that a shell, `make` or a panic
//! cannot be mistaken for an answer.

use std::process::ExitCode;

macro_rules! exits {
    ($($name:ident = $code:literal, $meaning:literal;)+) => {
        /// How the program ends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Exit {
            $(#[doc = $meaning] $name = $code,)+
        }

        impl Exit {
            /// Each code with its meaning, for `--help`.
            pub const ALL: &[(Exit, &str)] = &[$((Exit::$name, $meaning),)+];
        }
    };
}

exits! {
    Done = 0, "done; for check: passed";
    ObjectiveBroken = 10, "check: an objective is broken";
    Regression = 11, "check: worse than the baseline";
    NotEnoughEvidence = 12, "check: not enough evidence";
    NoBaseline = 13, "check: the baseline is missing, damaged, of another version or of another question";
    Unlike = 14, "check: the model is unlike what was observed";
    Invalid = 20, "the model or its data is invalid, or a limit of the run was reached";
    Internal = 21, "an internal invariant is broken; verify: a law does not hold";
    Usage = 64, "wrong usage";
    Io = 74, "a file cannot be read, or must not or cannot be written";
    Interrupted = 130, "interrupted by a signal; what was done is reported as partial";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// The table of codes, as `--help` shows it.
pub fn table() -> String {
    let lines = Exit::ALL.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}\n", *exit as u8));
    format!("Exit codes:\n{}", lines.collect::<String>())
}
