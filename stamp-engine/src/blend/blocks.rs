//! A row as blocks of pixels.
#![forbid(unsafe_code)]

use std::marker::PhantomData;

use super::dispatch::{Kernel, prefetch};
use super::lanes::Lanes;

/// How far ahead of the picture's blocks at hand memory is asked for, in bytes.
const AHEAD: usize = 2048;

/// The compositing of one block of a layout in a mode `M`: `P` picture samples, `S` stamp samples.
pub(super) trait Block<T, M, const P: usize, const S: usize> {
    /// Pixels in a block.
    const PIXELS: usize;

    /// Composites a block of full picture alpha, or says that it is not one. Always inlined.
    #[must_use]
    fn opaque<V: Lanes>(picture: &mut [T; P], stamp: &[T; S]) -> bool;

    /// Composites a block of any picture alpha; of no use in a layout without. Always inlined.
    #[inline(always)]
    fn straight<V: Lanes>(_picture: &mut [T; P], _stamp: &[T; S]) {}
}

/// The compositing of a single block of any picture alpha, kept apart from the loop over the
/// blocks so that it takes no registers from the usual case.
struct Straight<B, M, const P: usize, const S: usize>(PhantomData<(B, M)>);

impl<T, B: Block<T, M, P, S>, M, const P: usize, const S: usize> Kernel<T> for Straight<B, M, P, S> {
    #[inline(always)]
    fn row<V: Lanes>(picture: &mut [T], stamp: &[T]) {
        if let (Some(under), Some(over)) = (picture.first_chunk_mut(), stamp.first_chunk()) {
            B::straight::<V>(under, over);
        }
    }
}

/// The compositing of a block after the last pair, kept apart: two in a row at most are not worth its code again.
struct Single<B, M, const P: usize, const S: usize>(PhantomData<(B, M)>);

impl<T, B: Block<T, M, P, S>, M, const P: usize, const S: usize> Kernel<T> for Single<B, M, P, S> {
    #[inline(always)]
    fn row<V: Lanes>(picture: &mut [T], stamp: &[T]) {
        if let (Some(under), Some(over)) = (picture.first_chunk_mut(), stamp.first_chunk()) {
            Blocks::<B, M, P, S>::block::<T, V>(under, over);
        }
    }
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
        let ahead = AHEAD / size_of::<[[T; P]; 2]>();
        // A row of a stamp is short, and no row before it has asked for its start.
        for (under, over) in pairs_under.iter().zip(pairs_over).take(ahead) {
            prefetch(under, 0);
            prefetch(over, 0);
        }
        let pairs = (0..pairs_under.len()).rev().zip(pairs_under.iter_mut().zip(pairs_over));
        for (left, (under, over)) in pairs {
            if left >= ahead {
                prefetch(under, ahead);
                prefetch(over, ahead);
            }
            let ([under_1, under_2], [over_1, over_2]) = (under, over);
            Self::block::<T, V>(under_1, over_1);
            Self::block::<T, V>(under_2, over_2);
        }
        for (under, over) in last_under.iter_mut().zip(last_over) {
            V::apart::<T, Single<B, M, P, S>>(under, over);
        }
        Self::rest::<T, V>(under_rest, over_rest);
    }
}

impl<B, M, const P: usize, const S: usize> Blocks<B, M, P, S> {
    #[inline(always)]
    fn block<T, V: Lanes>(picture: &mut [T; P], stamp: &[T; S])
    where
        B: Block<T, M, P, S>,
    {
        if !B::opaque::<V>(picture, stamp) {
            V::apart::<T, Straight<B, M, P, S>>(picture, stamp);
        }
    }

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
        V::apart::<T, Single<B, M, P, S>>(&mut padded_under, &padded_over);
        under.copy_from_slice(&padded_under[..under.len()]);
    }
}
