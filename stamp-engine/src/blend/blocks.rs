//! A row as blocks of pixels.
#![forbid(unsafe_code)]

use std::marker::PhantomData;

use super::dispatch::{Kernel, prefetch};
use super::lanes::Lanes;

/// How far ahead of the blocks at hand memory is asked for, in pairs of blocks: 2 KiB of RGBA.
const AHEAD: usize = 32;

/// The compositing of one block of a layout in a mode `M`: `P` picture samples, `S` stamp samples.
pub(super) trait Block<T, M, const P: usize, const S: usize> {
    /// Pixels in a block.
    const PIXELS: usize;

    /// Always inlined.
    fn composite<V: Lanes>(picture: &mut [T; P], stamp: &[T; S]);
}

/// The compositing of a row in blocks `B`.
pub(super) struct Blocks<B, M, const P: usize, const S: usize>(PhantomData<(B, M)>);

impl<T, B, M, const P: usize, const S: usize> Kernel<T> for Blocks<B, M, P, S>
where
    T: Copy + Default,
    B: Block<T, M, P, S>,
{
    #[inline(always)]
    fn row<V: Lanes>(picture: &mut [T], stamp: &[T]) {
        let count = (picture.len() / P).min(stamp.len() / S);
        let (picture, under_rest) = picture.split_at_mut(count * P);
        let (stamp, over_rest) = stamp.split_at(count * S);
        let (pairs_under, last_under) = picture.as_chunks_mut::<P>().0.as_chunks_mut::<2>();
        let (pairs_over, last_over) = stamp.as_chunks::<S>().0.as_chunks::<2>();
        let pairs = (0..pairs_under.len()).rev().zip(pairs_under.iter_mut().zip(pairs_over));
        for (left, (under, over)) in pairs {
            if left >= AHEAD {
                prefetch(under, AHEAD);
                prefetch(over, AHEAD);
            }
            for (under, over) in under.iter_mut().zip(over) {
                B::composite::<V>(under, over);
            }
        }
        for (under, over) in last_under.iter_mut().zip(last_over) {
            B::composite::<V>(under, over);
        }
        Self::rest::<T, V>(under_rest, over_rest);
    }
}

impl<B, M, const P: usize, const S: usize> Blocks<B, M, P, S> {
    /// The pixels left over, less than a block, in a padded one.
    #[inline(always)]
    fn rest<T, V: Lanes>(picture: &mut [T], stamp: &[T])
    where
        T: Copy + Default,
        B: Block<T, M, P, S>,
    {
        let (channels, ink) = (P / B::PIXELS, S / B::PIXELS);
        // One of the two is shorter than a block, so that the pixels fit into one.
        let pixels = (picture.len() / channels).min(stamp.len() / ink);
        if pixels == 0 {
            return;
        }
        let (under, over) = (&mut picture[..pixels * channels], &stamp[..pixels * ink]);
        let (mut padded_under, mut padded_over) = ([T::default(); P], [T::default(); S]);
        padded_under[..under.len()].copy_from_slice(under);
        padded_over[..over.len()].copy_from_slice(over);
        B::composite::<V>(&mut padded_under, &padded_over);
        under.copy_from_slice(&padded_under[..under.len()]);
    }
}
