//! Receipts: which message, and which receive of it.

use std::fmt;

use crate::Fault;

/// The two queues of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Main = 0,
    Dead = 1,
}

impl Side {
    /// As the table has it.
    pub(super) fn number(self) -> i64 {
        self as i64
    }
}

/// Good for one receive of one message: each receive and each move counts `claim` up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) id: i64,
    pub(super) claim: i64,
    pub(super) side: Side,
}

impl Receipt {
    /// Reads a receipt of the queue `side`.
    pub(super) fn parse(text: &str, side: Side) -> Result<Self, Fault> {
        let numbers = text.strip_prefix(Self::prefix(side)).and_then(|numbers| numbers.split_once('.'));
        numbers
            .and_then(|(id, claim)| Some(Self { id: id.parse().ok()?, claim: claim.parse().ok()?, side }))
            // What is quoted back is bounded.
            .ok_or_else(|| Fault::Receipt(text.chars().take(60).collect()))
    }

    fn prefix(side: Side) -> &'static str {
        match side {
            Side::Main => "main.",
            Side::Dead => "dead.",
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}.{}", Self::prefix(self.side), self.id, self.claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_come_back_to_their_own_queue() {
        for side in [Side::Main, Side::Dead] {
            let receipt = Receipt { id: 12, claim: 3, side };
            assert_eq!(Receipt::parse(&receipt.to_string(), side).unwrap(), receipt);
        }
        for other in ["", "main.", "main.1", "main.1.", "main.x.1", "dead.1.1", "main.1.1.1"] {
            assert!(matches!(Receipt::parse(other, Side::Main), Err(Fault::Receipt(_))), "{other}");
        }
    }
}
