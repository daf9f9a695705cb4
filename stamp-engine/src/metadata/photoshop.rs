//! Photoshop image resource blocks (Adobe Photoshop File Formats Specification, "Image Resource
//! Blocks"), in which JPEG holds its IPTC records.

#![forbid(unsafe_code)]

/// What stands before the blocks in a JPEG APP13 segment.
pub(crate) const HEADER: &[u8] = b"Photoshop 3.0\0";
const IPTC: u16 = 0x0404;

/// The IPTC records among the resource blocks.
pub(crate) fn iptc(mut blocks: &[u8]) -> Option<Vec<u8>> {
    // Signature, identifier, Pascal string padded to even, length, data padded to even.
    while let Some((head, rest)) = blocks.split_first_chunk::<6>() {
        if &head[..4] != b"8BIM" {
            return None;
        }
        let name = usize::from(*rest.first()?) + 1;
        let rest = rest.get(name.next_multiple_of(2)..)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let data = rest.get(..length)?;
        if u16::from_be_bytes([head[4], head[5]]) == IPTC {
            return Some(data.to_vec());
        }
        blocks = rest.get(length.next_multiple_of(2)..)?;
    }
    None
}

/// One resource block that holds IPTC records.
pub(crate) fn block(iptc: &[u8]) -> Vec<u8> {
    let mut block = b"8BIM\x04\x04\0\0".to_vec();
    block.extend((iptc.len() as u32).to_be_bytes());
    block.extend_from_slice(iptc);
    block.resize(block.len().next_multiple_of(2), 0);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iptc_is_found_behind_other_blocks() {
        let mut blocks = b"8BIM\x03\xed\x03abc\0\0\0\x03xyz\0".to_vec();
        blocks.extend(block(b"\x1c\x02\x50"));
        assert_eq!(iptc(&blocks).unwrap(), b"\x1c\x02\x50");
        for end in 0..blocks.len() - 1 {
            assert_ne!(iptc(&blocks[..end]).as_deref(), Some(&b"\x1c\x02\x50\0"[..]));
        }
    }
}
