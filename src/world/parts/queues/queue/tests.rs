//! Who is next, who is refused, and what is measured of it, by hand.

use super::*;

fn spec(slots: u32, places: u32, discipline: Discipline) -> Spec {
    Spec {
        name: "ai".into(),
        max_concurrency: slots,
        max_queue: Some(places),
        discipline,
        patience: None,
        reserved: vec![],
        adaptive: None,
        aging: None,
        pushes_out: false,
    }
}

fn queue(slots: u32, places: u32, discipline: Discipline, lines: usize) -> (Queue, Links) {
    let mut links = Links::default();
    links.grow_to(16);
    (Queue::new(&spec(slots, places, discipline), lines), links)
}

fn served(discipline: Discipline, lines: usize, arrivals: &[(u32, usize)]) -> Vec<u32> {
    let (mut queue, mut links) = queue(1, 16, discipline, lines);
    assert_eq!(queue.arrive(15, 0, &mut links, Instant::START), Admission::Granted);
    for &(call, line) in arrivals {
        assert_eq!(queue.arrive(call, line, &mut links, Instant::START), Admission::Waiting);
    }
    std::iter::from_fn(|| queue.leave(0, &mut links, Instant::START)).collect()
}

#[test]
fn the_next_is_chosen_by_the_discipline() {
    assert_eq!(served(Discipline::Fifo, 1, &[(1, 0), (2, 0), (3, 0)]), [1, 2, 3]);
    assert_eq!(served(Discipline::Lifo, 1, &[(1, 0), (2, 0), (3, 0)]), [3, 2, 1]);
    assert_eq!(served(Discipline::Priority, 2, &[(1, 1), (2, 0), (3, 1), (4, 0)]), [2, 4, 1, 3]);
}

/// One slot of three is reserved for each of two classes: who is next of those who wait was the last to come.
#[test]
fn reserved_slots_are_last_in_first_out_over_all_lines() {
    for (discipline, order) in [(Discipline::Fifo, [1, 2, 3, 4]), (Discipline::Lifo, [4, 3, 2, 1])] {
        let mut links = Links::default();
        links.grow_to(16);
        let spec = Spec { reserved: vec![1, 1], ..spec(3, 16, discipline) };
        let mut queue = Queue::new(&spec, 1).with_reserve(&spec, &[0, 0]);
        for (call, line) in [(10, 0), (11, 1), (12, 0)] {
            assert_eq!(queue.arrive(call, line, &mut links, Instant::START), Admission::Granted);
        }
        for (call, line) in [(1, 0), (2, 1), (3, 1), (4, 0)] {
            assert_eq!(queue.arrive(call, line, &mut links, Instant::START), Admission::Waiting);
        }
        // A slot goes from class 0 to whoever is next, as both classes keep one each time.
        let mut holder = 0;
        for next in order {
            assert_eq!(queue.leave(holder, &mut links, Instant::START), Some(next), "{discipline:?}");
            holder = usize::from(matches!(next, 2 | 3));
        }
    }
}

/// The page averages over those admitted: what one who left has waited is not theirs.
#[test]
fn the_page_forgets_the_wait_of_who_has_left() {
    let at = |nanos: u64| Instant::from_nanos(nanos);
    let (mut queue, mut links) = queue(1, 8, Discipline::Fifo, 1);
    assert_eq!(queue.arrive(0, 0, &mut links, at(0)), Admission::Granted);
    for (call, now) in [(1, 1), (2, 2), (3, 3)] {
        assert_eq!(queue.arrive(call, 0, &mut links, at(now)), Admission::Waiting);
    }
    queue.abandon(2, 0, at(2), &mut links, at(9));
    assert_eq!(queue.leave(0, &mut links, at(10)), Some(1));
    // Two are admitted, after 0 and 9; the third still waits, since 3.
    assert_eq!(queue.page(at(10), 7).average_wait_ns(), 4.5);
    assert_eq!(queue.leave(0, &mut links, at(12)), Some(3));
    assert_eq!(queue.page(at(20), 0).average_wait_ns(), 6.0);
}

#[test]
fn a_slot_that_is_taken_away_counts_until_it_is_given_back() {
    let at = |nanos: u64| Instant::from_nanos(nanos);
    let (mut queue, mut links) = queue(3, 8, Discipline::Fifo, 1);
    (0..3).for_each(|call| assert_eq!(queue.arrive(call, 0, &mut links, at(0)), Admission::Granted));
    queue.limit(1, at(10));
    assert_eq!(queue.leave(0, &mut links, at(20)), None);
    assert_eq!(queue.leave(0, &mut links, at(30)), None);
    // Of 40: 3 slots for 10; 1, and 2 over it for 10; 1, and 1 over it for 10; 1. All in use all the time.
    let areas = [&queue.active_level, &queue.slots_level, &queue.over_level].map(|level| level.area(40));
    assert_eq!(areas, [30 + 30 + 20 + 10, 30 + 10 + 10 + 10, 20 + 10]);
}

#[test]
fn places_do_not_include_slots_and_a_refusal_leaves_no_trace() {
    let (mut queue, mut links) = queue(2, 1, Discipline::Fifo, 1);
    let answers: Vec<_> = (0..4).map(|call| queue.arrive(call, 0, &mut links, Instant::START)).collect();
    assert_eq!(answers, [Admission::Granted, Admission::Granted, Admission::Waiting, Admission::Refused]);
    assert_eq!((queue.active, queue.waiting()), (2, 1));
    assert!(queue.is_sound());
}

#[test]
fn fewer_slots_take_none_away_and_more_serve_at_once() {
    let (mut queue, mut links) = queue(3, 8, Discipline::Fifo, 1);
    for call in 0..6 {
        queue.arrive(call, 0, &mut links, Instant::START);
    }
    let [three, one] = [(3, 8), (1, 2)].map(|(slots, places)| spec(slots, places, Discipline::Fifo));
    queue.change(&three, &one, Instant::START);
    assert_eq!(queue.arrive(6, 0, &mut links, Instant::START), Admission::Refused);
    assert_eq!((queue.leave(0, &mut links, Instant::START), queue.leave(0, &mut links, Instant::START)), (None, None));
    assert_eq!((queue.active, queue.waiting()), (1, 3));
    assert_eq!(queue.leave(0, &mut links, Instant::START), Some(3));
    queue.change(&one, &three, Instant::START);
    let served: Vec<u32> = std::iter::from_fn(|| queue.serve_next(&mut links, Instant::START)).collect();
    assert_eq!((served, queue.active, queue.waiting()), (vec![4, 5], 3, 0));
    assert!(queue.is_sound());
}

#[test]
fn whoever_leaves_the_middle_is_not_served() {
    let (mut queue, mut links) = queue(1, 8, Discipline::Fifo, 1);
    for call in 0..5 {
        queue.arrive(call, 0, &mut links, Instant::START);
    }
    queue.abandon(2, 0, Instant::START, &mut links, Instant::START);
    queue.abandon(4, 0, Instant::START, &mut links, Instant::START);
    queue.arrive(5, 0, &mut links, Instant::START);
    let rest: Vec<u32> = std::iter::from_fn(|| queue.leave(0, &mut links, Instant::START)).collect();
    assert_eq!(rest, [1, 3, 5]);
    assert_eq!((queue.active, queue.waiting()), (0, 0));
}
