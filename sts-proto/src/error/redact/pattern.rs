use zeroize::Zeroizing;

/// A secret as it is looked for: its letters and digits (ASCII) in order, and how much stands between them.
pub(super) struct Pattern<'a> {
    /// In lower case.
    letters: Zeroizing<Vec<u8>>,
    /// What stands before each of them.
    gaps: Zeroizing<Vec<Gap>>,
    /// What stands before the first of them, and behind the last one.
    head: &'a str,
    tail: &'a str,
    index: Index,
}

/// What stands between two letters of a secret.
#[derive(Clone, Copy, Default)]
struct Gap {
    /// How much, but no more than [`LONGEST_GAP`].
    bytes: u8,
    /// Whether there is a blank.
    blank: bool,
}

impl zeroize::DefaultIsZeroes for Gap {}

/// The search came to no end in a time in proportion to what was searched. No text that anybody sends does that unless it
/// is made for it.
#[derive(Debug)]
pub(super) struct TooMuch;

impl<'a> Pattern<'a> {
    /// `None` where there is too little to go by.
    pub(super) fn new(secret: &'a str) -> Option<Self> {
        let count = secret.bytes().filter(u8::is_ascii_alphanumeric).count();
        if count < LEAST {
            return None;
        }
        // Neither grows, since that would leave copies behind.
        let mut letters = Zeroizing::new(Vec::with_capacity(count));
        let mut gaps = Zeroizing::new(Vec::with_capacity(count));
        let mut gap = Gap::default();
        for byte in secret.bytes() {
            if byte.is_ascii_alphanumeric() {
                letters.push(byte.to_ascii_lowercase());
                gaps.push(std::mem::take(&mut gap));
            } else {
                gap = Gap { bytes: LONGEST_GAP.min(gap.bytes + 1), blank: gap.blank || byte == b' ' };
            }
        }
        let other = |c: char| !c.is_ascii_alphanumeric();
        let head = secret.split_once(|c| !other(c)).map_or("", |(head, _)| head);
        let tail = secret.rsplit_once(|c| !other(c)).map_or("", |(_, tail)| tail);
        let index = Index::new(&letters);
        Some(Self { letters, gaps, head, tail, index })
    }

    /// Tells `found` where each quotation begins and ends.
    pub(super) fn find(&self, text: &str, found: impl FnMut(usize, usize)) -> Result<(), TooMuch> {
        let steps = (text.len() + self.letters.len()).saturating_mul(MOST_STEPS).saturating_add(FREE_STEPS);
        let (now, next) = (Vec::new(), Vec::new());
        Search { pattern: self, text: text.as_bytes(), floor: 0, steps, now, next }.run(found)
    }

    fn letter(&self, at: usize) -> Option<u8> {
        self.letters.get(at).copied()
    }

    /// Fewer than these letters are found in order by chance.
    fn is_short(&self) -> bool {
        self.letters.len() < FEW
    }
}

/// Goes through a text from left to right.
struct Search<'a> {
    pattern: &'a Pattern<'a>,
    text: &'a [u8],
    /// What stands before it is dealt with.
    floor: usize,
    /// How many bytes may still be looked at.
    steps: usize,
    /// Where the letter that was met last may stand, the nearest first.
    now: Vec<usize>,
    next: Vec<usize>,
}

/// How far a quotation goes in one direction from a letter of it.
#[derive(Clone, Copy)]
struct Reach {
    /// How many letters more.
    letters: usize,
    /// Where the last one stands.
    end: usize,
}

#[derive(Clone, Copy)]
enum Way {
    Forward,
    Back,
}

impl Way {
    fn next(self, at: usize) -> Option<usize> {
        match self {
            Self::Forward => at.checked_add(1),
            Self::Back => at.checked_sub(1),
        }
    }
}

impl Search<'_> {
    fn run(mut self, mut found: impl FnMut(usize, usize)) -> Result<(), TooMuch> {
        let (mut at, mut recent) = (0, Recent::default());
        while let Some(byte) = self.text.get(at).copied() {
            if byte.is_ascii_alphanumeric() {
                let letter = byte.to_ascii_lowercase();
                recent.push(letter);
                if let Some((start, end)) = self.beginning(at, letter).or_else(|| self.part(at, &recent)) {
                    found(start, end);
                    (at, self.floor, recent) = (end, end, Recent::default());
                    continue;
                }
                if self.steps == 0 {
                    return Err(TooMuch);
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// A quotation that begins here with the secret's first letter.
    fn beginning(&mut self, at: usize, letter: u8) -> Option<(usize, usize)> {
        if self.pattern.letter(0) != Some(letter) {
            return None;
        }
        let ahead = self.reach(Way::Forward, 0, at);
        let all = self.pattern.letters.len();
        (ahead.letters + 1 >= all.min(BEGINNING)).then(|| self.whole(0, at, ahead))
    }

    /// A quotation of any part that the letters before and at this one belong to: the longest of several.
    fn part(&mut self, at: usize, recent: &Recent) -> Option<(usize, usize)> {
        let pattern = self.pattern;
        let mut best: Option<(usize, (usize, usize))> = None;
        for last in pattern.index.ends_of(&pattern.letters, recent.word()?) {
            let back = self.reach(Way::Back, last, at);
            let ahead = self.reach(Way::Forward, last, at);
            let letters = back.letters + 1 + ahead.letters;
            if letters >= PART && best.is_none_or(|(most, _)| letters > most) {
                let ahead = Reach { letters: letters - 1, ..ahead };
                best = Some((letters, self.whole(last - back.letters, back.end, ahead)));
            }
        }
        best.map(|(_, found)| found)
    }

    /// Beginning and end of a quotation whose first letter is number `first`, with what belongs to the secret before and
    /// behind its letters.
    fn whole(&self, first: usize, start: usize, ahead: Reach) -> (usize, usize) {
        let Pattern { letters, head, tail, .. } = self.pattern;
        let mut end = ahead.end + 1;
        if first + ahead.letters + 1 == letters.len() && self.has(end, tail) {
            end += tail.len();
        }
        let before = start.checked_sub(head.len()).filter(|before| first == 0 && *before >= self.floor);
        (before.filter(|before| self.has(*before, head)).unwrap_or(start), end)
    }

    fn has(&self, at: usize, piece: &str) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(piece.as_bytes()))
    }

    /// How many letters of the secret follow the one with this number, which stands at `at`.
    fn reach(&mut self, way: Way, mut letter: usize, at: usize) -> Reach {
        let mut reach = Reach { letters: 0, end: at };
        let (mut now, mut next) = (std::mem::take(&mut self.now), std::mem::take(&mut self.next));
        now.clear();
        now.push(at);
        while let Some(target) = way.next(letter) {
            let Some(wanted) = self.pattern.letter(target) else { break };
            let gap = self.pattern.gaps.get(target.max(letter)).copied().unwrap_or_default();
            next.clear();
            now.iter().for_each(|at| self.neighbours(way, *at, wanted, gap, &mut next));
            if next.len() > 1 {
                next.sort_unstable();
                if matches!(way, Way::Back) {
                    next.reverse();
                }
                next.dedup();
                next.truncate(MOST_PLACES);
            }
            let Some(nearest) = next.first() else { break };
            reach = Reach { letters: reach.letters + 1, end: *nearest };
            letter = target;
            std::mem::swap(&mut now, &mut next);
        }
        (self.now, self.next) = (now, next);
        reach
    }

    /// Where the letter `wanted` stands next to the one at `at`: there is nothing in between that counts, or what may be
    /// an escape, which never begins with a letter and is no more than a word.
    fn neighbours(&mut self, way: Way, at: usize, wanted: u8, gap: Gap, places: &mut Vec<usize>) {
        let short = self.pattern.is_short();
        let window = usize::from(gap.bytes) * ESCAPE;
        let (mut nearest, mut visible, mut place) = (true, false, at);
        while let Some(next) = way.next(place).filter(|next| *next >= self.floor) {
            place = next;
            let Some(byte) = self.text.get(place).copied() else { return };
            let Some(steps) = self.steps.checked_sub(1) else { return };
            self.steps = steps;
            if !nearest && (gap.bytes == 0 || place.abs_diff(at) > window + 1) {
                return;
            }
            if !nearest && byte == b' ' && !gap.blank {
                return;
            }
            if !byte.is_ascii_alphanumeric() {
                visible |= byte.is_ascii_graphic();
                continue;
            }
            let behind = self.text.get(place.min(at) + 1);
            let apart = behind.is_some_and(|byte| !byte.is_ascii_alphanumeric());
            let fits = match (nearest, short, gap.bytes) {
                (true, false, _) => true,
                (true, true, 0) => !visible,
                _ => apart,
            };
            if fits && byte.to_ascii_lowercase() == wanted {
                places.push(place);
            }
            nearest = false;
        }
    }
}

/// The letters of a text that were met last.
#[derive(Default)]
struct Recent {
    letters: u64,
    count: usize,
}

impl Recent {
    fn push(&mut self, letter: u8) {
        self.letters = (self.letters << 8 | u64::from(letter)) & WORD_MASK;
        self.count = WORD.min(self.count + 1);
    }

    /// Once there are enough.
    fn word(&self) -> Option<u64> {
        (self.count == WORD).then_some(self.letters)
    }
}

/// Where in a secret each run of [`WORD`] letters begins, in the order of these runs.
struct Index {
    starts: Zeroizing<Vec<u32>>,
    /// A bit for each hash of a run, since nearly none of a text's runs is in the secret.
    hashes: Zeroizing<Vec<u64>>,
    bits: u32,
}

impl Index {
    fn new(letters: &[u8]) -> Self {
        // Every part that is long enough has a run that is not one of the last.
        let most = if letters.len() < PART { 0 } else { letters.len() - SPAN + 1 };
        let mut starts: Zeroizing<Vec<u32>> = Zeroizing::new((0..u32::try_from(most).unwrap_or(0)).collect());
        let bits = most.saturating_mul(4).next_power_of_two().max(64).trailing_zeros();
        let mut index = Self {
            starts: Zeroizing::default(),
            hashes: Zeroizing::new(vec![0; if starts.is_empty() { 0 } else { 1 << (bits - 6) }]),
            bits,
        };
        for start in starts.iter() {
            let (place, bit) = index.bit(word(letters, *start));
            if let Some(hashes) = index.hashes.get_mut(place) {
                *hashes |= bit;
            }
        }
        starts.sort_unstable_by_key(|start| word(letters, *start));
        index.starts = starts;
        index
    }

    /// The numbers of the letters that `sought` ends with, a few of them where there are many.
    fn ends_of<'a>(&'a self, letters: &'a [u8], sought: u64) -> impl Iterator<Item = usize> + 'a {
        let (place, bit) = self.bit(sought);
        let likely = self.hashes.get(place).is_some_and(|hashes| hashes & bit != 0);
        let starts = if likely { self.starts.as_slice() } else { &[] };
        let first = starts.partition_point(|start| word(letters, *start) < sought);
        let found = starts.iter().skip(first).take_while(move |start| word(letters, **start) == sought);
        found.take(MOST_PLACES).filter_map(|start| usize::try_from(*start).ok()).map(|start| start + WORD - 1)
    }

    fn bit(&self, word: u64) -> (usize, u64) {
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.bits);
        (usize::try_from(hash >> 6).unwrap_or(usize::MAX), 1 << (hash & 63))
    }
}

/// The run of [`WORD`] letters that begins there.
fn word(letters: &[u8], start: u32) -> u64 {
    let rest = usize::try_from(start).ok().and_then(|start| letters.get(start..));
    let eight = rest.and_then(<[u8]>::first_chunk::<SPAN>).copied().unwrap_or_default();
    u64::from_be_bytes(eight) >> (8 * (SPAN - WORD))
}

/// How many bytes an escape of one byte may have: `&amp;amp;amp;#x2F;` has 18, and 26 once it is escaped for a URL.
pub(super) const ESCAPE: usize = 28;
/// How many letters and digits of a secret's beginning are taken out where the rest is not there.
pub(super) const BEGINNING: usize = 10;
/// How many of any other part of it.
pub(super) const PART: usize = 12;
/// With fewer than these it takes more than their order to tell a secret from other text.
pub(super) const FEW: usize = 8;
/// With fewer than these there is nothing to go by.
pub(super) const LEAST: usize = 4;

/// Session tokens of AWS have a dozen slashes in a row.
const LONGEST_GAP: u8 = 32;
/// So many letters in a row are looked up.
const WORD: usize = 6;
const WORD_MASK: u64 = (1 << (8 * WORD)) - 1;
/// So many are read at once.
const SPAN: usize = 8;
/// So many places of one letter are followed at once: more than text has by chance.
const MOST_PLACES: usize = 6;
/// How many steps a search may take for each byte of text and secret, and beside them.
const MOST_STEPS: usize = 24;
const FREE_STEPS: usize = 16 * 1024;
