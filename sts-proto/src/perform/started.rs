use std::collections::BinaryHeap;

/// The ids of the processes that this one has started, of those that they have started, and so on, each behind its parent.
/// `stats` are the contents of `/proc/ID/stat` of all processes (Linux, proc(5)).
///
/// A process whose parent has ended is not among them: so daemons are left alone.
pub fn started_by(id: u32, stats: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<i32> {
    let stats = stats.into_iter().filter_map(|stat| child_and_parent(stat.as_ref()));
    // By parent, then in the order in which they were read. A heap is a tenth of the code of a sort.
    let all: BinaryHeap<_> =
        stats.enumerate().map(|(order, (child, parent))| (parent, order, Some(child))).collect();
    let mut all = all.into_sorted_vec();
    let mut take = |parent: i32, found: &mut Vec<i32>| {
        let first = all.partition_point(|(other, ..)| *other < parent);
        let children = all.iter_mut().skip(first).take_while(|(other, ..)| *other == parent);
        // Each is taken once, so that this ends, whatever the ids are: they may be used again while they are read.
        found.extend(children.filter_map(|(_, _, child)| child.take()));
    };
    let Ok(id) = i32::try_from(id) else { return Vec::new() };
    let mut found = Vec::new();
    take(id, &mut found);
    let mut at = 0;
    while let Some(next) = found.get(at) {
        take(*next, &mut found);
        at += 1;
    }
    found
}

/// `12 (the name) S 1 …`. The name may have anything in it, parentheses too.
fn child_and_parent(stat: &[u8]) -> Option<(i32, i32)> {
    let stat = String::from_utf8_lossy(stat);
    let (child, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let parent = rest.split(' ').nth(1)?;
    Some((child.parse().ok()?, parent.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_below_is_found() {
        let stats = [
            &b"1 (init) S 0 1 1"[..],
            b"5 (sh) S 2 5 5",
            b"2 (a) b) (c) S 1 2 2",
            b"3 (\xff) R 2 2 2",
            b"4 (x 9 S 7 ) T 3 3 3",
            b"6 (daemon) S 1 6 6",
            b"",
            b"7",
            b"8 (x)",
            b"x (x) S 2 2",
        ];
        assert_eq!(started_by(2, stats), [5, 3, 4]);
        assert_eq!(started_by(1, stats), [2, 6, 5, 3, 4]);
        assert!(started_by(4, stats).is_empty() && started_by(u32::MAX, stats).is_empty());
        let circle = ["1 (a) S 2 1", "2 (b) S 1 1"];
        assert_eq!(started_by(1, circle), [2, 1]);
    }
}
