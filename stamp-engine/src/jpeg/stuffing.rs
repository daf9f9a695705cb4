//! Byte stuffing (T.81, F.1.2.3): in entropy-coded data a zero byte follows each `0xff`, so that
//! only markers look like markers.

#![forbid(unsafe_code)]

use memchr::memchr;

/// What ends a stretch of entropy-coded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As much as was asked for; there is more.
    Limit,
    /// A marker stands here (or the file ends without one, code 0).
    Marker(u8),
}

/// Appends at least one and at most `limit` bytes of `raw`, from `at` on, to `clean`, their
/// stuffing removed. Gives the place of the next raw byte and what stopped it.
pub(super) fn remove(raw: &[u8], mut at: usize, limit: usize, clean: &mut Vec<u8>) -> (usize, End) {
    let goal = clean.len() + limit;
    while clean.len() < goal {
        let stretch = &raw[at.min(raw.len())..(at + goal - clean.len()).min(raw.len())];
        let Some(plain) = memchr(0xff, stretch) else {
            clean.extend_from_slice(stretch);
            at += stretch.len();
            if at >= raw.len() {
                return (at, End::Marker(0));
            }
            continue;
        };
        match raw.get(at + plain + 1) {
            Some(0) => {
                clean.extend_from_slice(&stretch[..=plain]);
                at += plain + 2;
            }
            other => {
                clean.extend_from_slice(&stretch[..plain]);
                return (at + plain, End::Marker(other.copied().unwrap_or(0)));
            }
        }
    }
    (at, End::Limit)
}

/// Appends `clean` to `out` with a zero after each `0xff`.
pub(super) fn add(mut clean: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(0xff, clean) {
        out.extend_from_slice(&clean[..=at]);
        out.push(0);
        clean = &clean[at + 1..];
    }
    out.extend_from_slice(clean);
}

/// The code of the first marker at or after `at` and its place; fill bytes before it count to it.
/// `None` when the file ends first.
pub(super) fn find_marker(raw: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        at += memchr(0xff, raw.get(at..)?)?;
        match *raw.get(at + 1)? {
            0 => at += 2,
            0xff => {
                let fill = raw[at..].iter().take_while(|&&byte| byte == 0xff).count();
                let code = *raw.get(at + fill)?;
                if code != 0 {
                    return Some((at, code));
                }
                at += fill + 1;
            }
            code => return Some((at, code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_added_is_removed(clean in prop::collection::vec(prop_oneof![Just(0xffu8), Just(0), any::<u8>()], 1..400), limit in 1usize..500) {
            let mut raw = Vec::new();
            add(&clean, &mut raw);
            prop_assert!(!raw.windows(2).any(|pair| pair[0] == 0xff && pair[1] != 0));
            let end = raw.len();
            raw.extend([0xff, 0xd9]);
            prop_assert_eq!(find_marker(&raw, 0), Some((end, 0xd9)));
            let (mut back, mut at) = (Vec::new(), 0);
            loop {
                let before = back.len();
                let (next, stop) = remove(&raw, at, limit, &mut back);
                prop_assert!(back.len() - before <= limit);
                at = next;
                match stop {
                    End::Limit => prop_assert_eq!(back.len() - before, limit),
                    End::Marker(code) => {
                        prop_assert_eq!(code, 0xd9);
                        break;
                    }
                }
            }
            prop_assert_eq!(at, end);
            prop_assert_eq!(back, clean);
        }
    }

    #[test]
    fn a_file_that_ends_without_a_marker_ends() {
        let mut clean = Vec::new();
        assert_eq!(remove(&[1, 2, 3], 0, 100, &mut clean), (3, End::Marker(0)));
        assert_eq!(remove(&[1, 2, 0xff], 0, 100, &mut clean).1, End::Marker(0));
        assert_eq!(find_marker(&[1, 0xff], 0), None);
        assert_eq!(find_marker(&[0xff, 0xff, 0xd9], 0), Some((0, 0xd9)));
    }
}
