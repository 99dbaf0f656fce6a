//! Why something cannot be measured.

use twindex::Error;

/// Why a class cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The answer ends before the page that is wanted.
    #[error("the answer has too few pages")]
    TooFewPages,
    /// Generated twins were refused.
    #[error("{0} odd twins were refused")]
    Refused(u64),
    /// The answer is none to the question: its time would be worth nothing.
    #[error("{0}")]
    WrongAnswer(String),
}
