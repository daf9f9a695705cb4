//! Putting a prepared stamp on a decoded picture takes no memory. Alone in its file, since it
//! counts every allocation of the process.

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::cell::Cell;
use std::sync::Arc;

use stamp_engine::blend::Curve;
use stamp_engine::{
    Depth, Ink, Layout, Mix, Mode, Orientation, Pixels, Prepared, Profile, Request, Samples, Stamp, composite,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed on to the system's allocator as it came; the counter is a plain
// number of this thread, without a destructor, so that touching it allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(memory) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, memory: Memory) {
        // SAFETY: the caller keeps the contract of `dealloc`, and all memory is the system's.
        unsafe { System.dealloc(pointer, memory) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, memory: Memory, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `realloc`, and all memory is the system's.
        unsafe { System.realloc(pointer, memory, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn counted(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn prepared(layout: Layout, depth: Depth) -> Prepared {
    let soft = Samples::U8((0..40 * 30 * 4).map(|n| (n % 251) as u8).collect());
    let stamp = Stamp::from_pixels(Pixels::new(40, 30, Layout::Rgba, soft).unwrap()).unwrap();
    let request = Request {
        width: 40,
        height: 30,
        rotate: 12.0,
        opacity: 0.7,
        orientation: Orientation::Normal,
        ink: Ink::of(layout),
        depth,
        profile: Arc::new(Profile::srgb()),
    };
    Prepared::new(&stamp, &request).unwrap()
}

#[test]
fn the_counter_counts() {
    assert_eq!(counted(|| drop(std::hint::black_box(vec![1_u8; 100]))), 1);
}

#[test]
fn a_prepared_stamp_is_applied_to_any_number_of_pictures_without_allocating() {
    let curve = Curve::srgb();
    for layout in [Layout::Gray, Layout::GrayAlpha, Layout::Rgb, Layout::Rgba] {
        for depth in [Depth::Eight, Depth::Sixteen] {
            let count = 64 * 48 * layout.channels();
            let samples = match depth {
                Depth::Eight => Samples::U8(vec![99; count]),
                Depth::Sixteen => Samples::U16(vec![9999; count]),
            };
            let mut picture = Pixels::new(64, 48, layout, samples).unwrap();
            let before = picture.clone();
            let stamp = prepared(layout, depth);
            for mode in [Mode::Over, Mode::SoftLight] {
                for linear in [None, Some(&curve)] {
                    let allocations = counted(|| {
                        for corner in [(3, 5), (-7, 40), (60, -20)] {
                            composite(&mut picture, &stamp, corner, Mix { mode, linear });
                        }
                    });
                    assert_eq!(allocations, 0, "{layout:?} {depth:?} {mode:?} {}", linear.is_some());
                }
            }
            assert!(picture != before, "{layout:?} {depth:?}: nothing was stamped");
        }
    }
}
