//! Which requests and messages belong together across processes (W3C Trace Context, Recommendation of
//! 2021-11-23).

use std::fmt;
use std::str::FromStr;

/// A `traceparent`: the trace that something belongs to, and what in it caused it.
///
/// ```
/// use stampede_domain::trace::TraceParent;
///
/// let caller: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?;
/// let ours = caller.child()?;
/// assert_eq!(ours.trace_id(), "0af7651916cd43dd8448eb211c80319c");
/// assert_ne!(ours, caller);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: [u8; 16],
    parent: [u8; 8],
    flags: u8,
}

/// What caused a job or a ZIP; messages carry it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The request, for logs.
    pub request: Option<String>,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
}

/// Not a `traceparent` of a version that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent")]
pub struct NotATraceParent;

impl TraceParent {
    /// The beginning of a trace, which nobody has chosen to record.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut trace = [0; 16];
        getrandom::fill(&mut trace)?;
        Self { trace, parent: [0; 8], flags: 0 }.child()
    }

    /// What comes next in the same trace.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn child(self) -> Result<Self, getrandom::Error> {
        let mut parent = [0; 8];
        getrandom::fill(&mut parent)?;
        // All zeros are invalid (section 3.2.2.4).
        parent[7] |= u8::from(parent == [0; 8]);
        Ok(Self { parent, ..self })
    }

    /// The trace's identifier, 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.trace)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = data_encoding::HEXLOWER.encode(&self.parent);
        write!(f, "00-{}-{parent}-{:02x}", self.trace_id(), self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    /// Version 00, and later ones as far as they say the same (section 3.2.4).
    fn from_str(text: &str) -> Result<Self, NotATraceParent> {
        fn bytes<const N: usize>(hex: Option<&str>) -> Result<[u8; N], NotATraceParent> {
            let bytes = data_encoding::HEXLOWER.decode(hex.unwrap_or_default().as_bytes());
            bytes.ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NotATraceParent)
        }
        let mut parts = text.split('-');
        let [version] = bytes(parts.next())?;
        let trace = bytes(parts.next())?;
        let parent = bytes(parts.next())?;
        let [flags] = bytes(parts.next())?;
        let is_valid = version != 0xff && trace != [0; 16] && parent != [0; 8];
        if !is_valid || (version == 0 && parts.next().is_some()) {
            return Err(NotATraceParent);
        }
        // Of the flags, this version knows `sampled` alone.
        Ok(Self { trace, parent, flags: flags & 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_none_is_refused() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parent: TraceParent = text.parse().unwrap();
        assert_eq!(parent.to_string(), text);
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like";
        assert_eq!(later.parse(), Ok(parent));
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(NotATraceParent), "{bad}");
        }
    }

    #[test]
    fn children_stay_in_their_trace() {
        let first = TraceParent::new().unwrap();
        let child = first.child().unwrap();
        assert_eq!(child.trace_id(), first.trace_id());
        assert_ne!(child, first);
        assert_eq!(child.to_string().parse(), Ok(child));
    }
}
