//! The frame: components, their sampling, and the grids of blocks and MCUs.

#![forbid(unsafe_code)]

use super::Fault;

/// One component of the frame (T.81, B.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors, 1..=4: blocks of an MCU across and down.
    pub(super) h: usize,
    pub(super) v: usize,
    /// Which quantisation table.
    pub(super) quantisation: usize,
    /// Its size in samples (T.81, A.1.1).
    pub(super) size: (usize, usize),
}

/// A frame of 8-bit samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
    /// The greatest sampling factors.
    pub(super) h_max: usize,
    pub(super) v_max: usize,
}

impl Frame {
    /// SOF (T.81, B.2.2).
    pub(super) fn parse(body: &[u8]) -> Result<Self, Fault> {
        let wrong = || Fault::damaged("its frame header breaks the rules");
        let [precision, h1, h0, w1, w0, count, rest @ ..] = body else { return Err(wrong()) };
        if *precision != 8 {
            return Err(Fault::NotHere("its samples are not of 8 bits"));
        }
        let height = usize::from(u16::from_be_bytes([*h1, *h0]));
        let width = usize::from(u16::from_be_bytes([*w1, *w0]));
        let count = usize::from(*count);
        if height == 0 {
            return Err(Fault::NotHere("its height stands behind the scan (DNL)"));
        }
        if width == 0 || !(1..=4).contains(&count) || rest.len() != 3 * count {
            return Err(wrong());
        }
        let mut components: Vec<Component> = Vec::with_capacity(count);
        for c in rest.chunks_exact(3) {
            let (h, v) = (usize::from(c[1] >> 4), usize::from(c[1] & 15));
            let known = components.iter().any(|other| other.id == c[0]);
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || c[2] > 3 || known {
                return Err(wrong());
            }
            components.push(Component { id: c[0], h, v, quantisation: usize::from(c[2]), size: (0, 0) });
        }
        let h_max = components.iter().map(|c| c.h).max().unwrap_or(1);
        let v_max = components.iter().map(|c| c.v).max().unwrap_or(1);
        for c in &mut components {
            c.size = ((width * c.h).div_ceil(h_max), (height * c.v).div_ceil(v_max));
        }
        Ok(Self { width, height, components, h_max, v_max })
    }

    /// MCUs across and down of a scan of all components interleaved (T.81, A.2.3). A frame of one
    /// component is never interleaved: its MCU is one block whatever its sampling factors say.
    pub(super) fn mcus(&self) -> (usize, usize) {
        match &self.components[..] {
            [only] => only.blocks(),
            _ => (self.width.div_ceil(8 * self.h_max), self.height.div_ceil(8 * self.v_max)),
        }
    }
}

impl Component {
    /// Blocks across and down that hold samples of the picture: those of a scan of this component
    /// alone (T.81, A.2.2).
    pub(super) fn blocks(&self) -> (usize, usize) {
        (self.size.0.div_ceil(8), self.size.1.div_ceil(8))
    }
}
