//! The one place where threads are: numbered jobs done by several workers, results in the order of the numbers.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Does jobs 0 to `count` on at most `workers` threads and returns their results by number, so that nothing shows
/// which thread did what. `finished` is told how many are done after each, and answers whether to go on; after a
/// `false` the jobs that have not begun are left out, and what is returned is the unbroken run of first results.
pub(super) fn map<T: Send>(
    count: usize,
    workers: NonZeroUsize,
    job: impl Fn(usize) -> T + Sync,
    finished: impl Fn(usize) -> bool + Sync,
) -> Vec<T> {
    let slots: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let (next, done, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let result = job(number);
            *slots[number].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(result);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if !finished(done) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers.get().min(count) {
            scope.spawn(work);
        }
        work();
    });
    let results = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()));
    results.map_while(|result| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(n: usize) -> NonZeroUsize {
        NonZeroUsize::new(n).unwrap()
    }

    #[test]
    fn results_stand_in_the_order_of_the_jobs() {
        for n in [1, 2, 8] {
            assert_eq!(map(100, workers(n), |i| i * i, |_| true), (0..100).map(|i| i * i).collect::<Vec<_>>());
        }
        assert!(map(0, workers(2), |i| i, |_| true).is_empty());
    }

    #[test]
    fn a_stop_keeps_what_is_done() {
        let some = map(1000, workers(1), |i| i, |done| done < 10);
        assert_eq!(some, (0..10).collect::<Vec<_>>());
    }
}
