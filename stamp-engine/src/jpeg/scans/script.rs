//! Whether a picture's scans are such as can be written again: each coefficient first whole but for its low bits, then
//! one of these after the other (T.81, G.1.1.1).

#![forbid(unsafe_code)]

use super::super::Fault;
use super::super::marker::{Header, Process, Scan};

/// The scans that have been read.
pub(super) struct Script {
    process: Process,
    /// Of each component and coefficient in zigzag order: the lowest bit that a scan has held.
    low: Vec<[Option<u8>; 64]>,
}

impl Script {
    pub(super) fn new(header: &Header) -> Self {
        Self { process: header.process, low: vec![[None; 64]; header.frame.components.len()] }
    }

    /// Takes the next scan. Decoders let pass what does not follow from the scans before, but a new block has no place
    /// in it: a bit that is told twice or never.
    ///
    /// # Errors
    /// [`Fault::Damaged`] for a scan that its process does not have, [`Fault::NotHere`] for one that does not follow.
    pub(super) fn follow(&mut self, scan: &Scan) -> Result<(), Fault> {
        match self.process {
            Process::Sequential if scan.spectrum == (0, 63) => Ok(()),
            Process::Sequential => Err(Fault::damaged("a sequential scan breaks the rules")),
            Process::Progressive => self.refine(scan),
        }
    }

    fn refine(&mut self, scan: &Scan) -> Result<(), Fault> {
        let wrong = || Fault::damaged("a progressive scan breaks the rules");
        let ((first, last), (high, low)) = (scan.spectrum, scan.approximation);
        // DC values alone, or AC values of one component (G.1.1.1.1).
        let is_right = if first == 0 { last == 0 } else { scan.components.len() == 1 };
        if !is_right {
            return Err(wrong());
        }
        for component in &scan.components {
            let known = self.low.get_mut(component.component).ok_or_else(wrong)?;
            for before in known.get_mut(usize::from(first)..=usize::from(last)).ok_or_else(wrong)? {
                let follows = before.map_or(high == 0, |before| high == before && low + 1 == high);
                if !follows {
                    return Err(Fault::NotHere("its scans do not follow from one another"));
                }
                *before = Some(low);
            }
        }
        Ok(())
    }
}
