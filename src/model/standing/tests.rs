use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn keys(codes: impl IntoIterator<Item = u32>, stated: bool) -> Vec<RecordKey> {
    let of = |set: bool| u64::from(set);
    saying(codes, Amounts { stated: of(stated), withheld: of(!stated), used: of(stated) })
}

fn saying(codes: impl IntoIterator<Item = u32>, amounts: Amounts) -> Vec<RecordKey> {
    codes.into_iter().map(|c| RecordKey::of(Some(&c.to_string()), true, None).saying(amounts)).collect()
}

fn between(older: &[RecordKey], newer: &[RecordKey]) -> Overlap {
    Overlap::between(&Keyed::of(older), &Keyed::of(newer))
}

/// Decides over sendings in the order given, with what was said of pairs.
fn decided(sent: &[Vec<RecordKey>], said: &[(i64, i64, Choice)]) -> Decision {
    let sendings: Vec<Sending> = (0..sent.len()).map(|i| Sending { order: i as u32, id: i as i64 }).collect();
    decide(&sendings, |older, newer| {
        let choice = said.iter().find(|(o, n, _)| (*o, *n) == (older, newer)).map(|(_, _, choice)| *choice);
        (between(&sent[older as usize], &sent[newer as usize]), choice)
    })
}

fn fates(sent: &[Vec<RecordKey>], said: &[(i64, i64, Choice)]) -> Vec<Fate> {
    decided(sent, said).fates.into_iter().map(|(_, fate)| fate).collect()
}

const STANDS: Fate = Fate::Stands;

fn replaced(by: i64) -> Fate {
    Fate::Replaced { by }
}

#[test]
fn the_same_again_replaces_what_came_between() {
    let (a, b) = (keys(0..10, true), keys(0..10, true));
    assert_eq!(fates(&[a.clone(), b, a], &[]), [replaced(1), replaced(2), STANDS]);
    let keyless = vec![RecordKey::default(); 3];
    assert_eq!(fates(&[keyless.clone(), keyless.clone()], &[]), [replaced(1), STANDS]);
    assert_eq!(fates(&[keys(0..3, true), keyless], &[]), [STANDS; 2], "what has no keys takes nothing's place");
}

#[test]
fn disjoint_records_stand_beside_each_other_and_a_few_are_corrected() {
    assert_eq!(fates(&[keys(0..10, true), keys(10..20, true)], &[]), [STANDS; 2]);
    let part = decided(&[keys(0..10, true), keys(3..5, true)], &[]);
    assert_eq!(part.corrections().map(|m| (m.older, m.newer)).collect::<Vec<_>>(), [(0, 1)]);
    assert!(part.meetings[0].is_open());
    let whole = fates(&[keys(0..10, true), keys(3..5, true), keys(0..10, true)], &[]);
    assert_eq!(whole, [replaced(2), replaced(2), STANDS], "the whole return takes back its part's correction");
}

#[test]
fn in_between_the_likely_applies_until_it_is_said() {
    // A list of the next year: a quarter gone, as many new.
    let lists = [keys(0..20, true), keys(5..25, true)];
    let likely = decided(&lists, &[]);
    assert_eq!((likely.fate(0), likely.meetings[0].is_open()), (replaced(1), true));
    let said = decided(&lists, &[(0, 1, Choice::Supplement)]);
    assert_eq!((said.fate(0), said.meetings[0].is_open()), (STANDS, false));
    assert_eq!(said.meetings[0].relation, Relation::Supplements);
    let towns = [keys(0..20, true), keys(18..40, true)];
    assert_eq!(fates(&towns, &[]), [STANDS; 2]);
    assert_eq!(fates(&towns, &[(0, 1, Choice::Replace)]), [replaced(1), STANDS]);
    assert_eq!(fates(&[keys(0..10, true), keys(10..20, true)], &[(0, 1, Choice::Replace)]), [replaced(1), STANDS]);
}

#[test]
fn amounts_that_cannot_be_read_take_no_sound_ones_place_unless_it_is_said() {
    let (sound, hollow) = (keys(0..10, true), keys(0..10, false));
    assert_eq!(fates(&[sound.clone(), hollow.clone()], &[]), [STANDS, Fate::Waits { behind: 0 }]);
    assert_eq!(fates(&[sound.clone(), keys(2..4, false)], &[]), [STANDS, Fate::Waits { behind: 0 }], "nor of a part of them");
    let told = [(0, 1, Choice::Replace)];
    assert_eq!(fates(&[sound.clone(), hollow.clone()], &told), [replaced(1), STANDS]);
    assert_eq!(fates(&[sound.clone(), hollow.clone(), sound.clone()], &[]), [replaced(2), replaced(2), STANDS]);
    assert_eq!(fates(&[hollow.clone(), sound], &[]), [replaced(1), STANDS]);
    assert_eq!(fates(&[hollow.clone(), hollow], &[]), [replaced(1), STANDS], "nothing is lost");
}

#[test]
fn each_amount_is_judged_by_itself() {
    let sound = saying(0..10, Amounts { stated: 0b011, withheld: 0, used: 0b011 });
    // One further amount can be read; the two of before cannot.
    let hollow = saying(0..10, Amounts { stated: 0b100, withheld: 0b011, used: 0b100 });
    assert_eq!(fates(&[sound.clone(), hollow], &[]), [STANDS, Fate::Waits { behind: 0 }]);
    // Columns that are not there are the sender's will; but it is told.
    let narrow = decided(&[sound, saying(0..10, Amounts { stated: 0b100, withheld: 0, used: 0b100 })], &[]);
    assert_eq!(narrow.fate(0), replaced(1));
    let lost = |field| Loss { field, withheld: 0, missing: 10 };
    assert_eq!(narrow.meetings[0].overlap.losses, [lost(0), lost(1)]);
}

#[test]
fn what_waits_is_decided_again_when_the_sound_one_goes_out() {
    let (sound, hollow) = (keys(0..10, true), keys(0..10, false));
    let told = [(0, 2, Choice::Replace)];
    // The third replaces the first by word alone, and has nothing in common with the second.
    assert_eq!(fates(&[sound.clone(), hollow.clone(), keys(20..30, true)], &told), [replaced(2), STANDS, STANDS]);
    // Of two sound ones the second is still there.
    let sent = [keys(0..10, true), keys(10..20, true), keys(0..20, false), keys(40..50, true)];
    assert_eq!(fates(&sent, &[(1, 3, Choice::Replace)]), [STANDS, replaced(3), Fate::Waits { behind: 0 }, STANDS]);
}

#[test]
fn only_what_an_answer_changes_is_asked() {
    let lists = [keys(0..20, true), keys(5..25, true)];
    let asked = |sent: &[Vec<RecordKey>]| {
        let decision = decided(sent, &[]);
        decision.meetings.iter().filter(|m| decision.asks(m)).map(|m| (m.older, m.newer)).collect::<Vec<_>>()
    };
    assert_eq!(asked(&lists), [(0, 1)]);
    assert_eq!(asked(&[lists[0].clone(), lists[1].clone(), lists[1].clone()]), [], "another took its place");
}

#[test]
fn rows_of_one_enterprise_weigh_once() {
    let named = |code: u32, name: &str| RecordKey::of(Some(&code.to_string()), true, Some(name));
    // The first enterprise is stated six times, under two names: the newer holds one of five.
    let older: Vec<RecordKey> = (0..6).map(|i| named(0, if i % 2 == 0 { "甲" } else { "乙" })).chain(keys(1..5, true)).collect();
    let shared = between(&older, &keys([0], true));
    assert_eq!((shared.older, shared.newer, shared.common), (5, 1, 1));
    assert_eq!(shared.relation(None), Relation::Corrects);
    // Codes that are none tell nobody apart: there the names do.
    let unknown = |name: &str| RecordKey::of(Some("无"), false, Some(name));
    let shared = between(&[unknown("甲"), unknown("乙"), unknown("乙")], &[unknown("甲")]);
    assert_eq!((shared.older, shared.newer), (2, 1));
}

#[test]
fn what_later_ones_hold_between_them_is_counted_once() {
    let (older, later) = (Keyed::of(&keys(0..10, true)), [keys(0..6, true), keys(4..9, true)].map(|keys| Keyed::of(&keys)));
    assert_eq!((older.held_by(&later), older.held_by(&later[..1]), older.held_by(&[])), (9, 6, 0));
}

#[test]
fn what_nobody_can_order_is_asked() {
    let sendings = [Sending { order: 0, id: 0 }, Sending { order: 0, id: 1 }, Sending { order: 1, id: 2 }];
    let sent = [keys(0..10, true), keys(5..12, true), keys(20..30, true)];
    let decision = decide(&sendings, |older, newer| (between(&sent[older as usize], &sent[newer as usize]), None));
    assert_eq!(decision.undecided, [(0, 1, 5)]);
    assert!(decision.fates.iter().all(|(_, fate)| *fate == STANDS));
}

proptest! {
    #[test]
    fn the_order_of_presentation_decides_nothing(
        sent in prop::collection::vec((prop::collection::btree_set(0..12_u32, 0..10), any::<bool>(), 0..4_u32), 1..7),
        said in prop::collection::vec((0..7_i64, 0..7_i64, any::<bool>()), 0..5),
        turn in 0..7_usize,
    ) {
        let sets: Vec<Vec<RecordKey>> = sent.iter().map(|(codes, stated, _)| keys(codes.iter().copied(), *stated)).collect();
        let compare = |older: i64, newer: i64| {
            let choice = said.iter().find(|(o, n, _)| (*o, *n) == (older, newer));
            let choice = choice.map(|(_, _, replace)| if *replace { Choice::Replace } else { Choice::Supplement });
            (between(&sets[older as usize], &sets[newer as usize]), choice)
        };
        let mut sendings: Vec<Sending> =
            sent.iter().enumerate().map(|(id, (_, _, order))| Sending { order: *order, id: id as i64 }).collect();
        let one = decide(&sendings, compare);
        let turn = turn % sendings.len();
        sendings.rotate_left(turn);
        sendings.reverse();
        prop_assert_eq!(&decide(&sendings, compare), &one);
        // Nobody is replaced by an older one, and the newest that is not hollow stands.
        for (sending, fate) in &one.fates {
            if let Fate::Replaced { by } | Fate::Waits { behind: by } = fate {
                let other = one.fates.iter().find(|(s, _)| s.id == *by).map(|(s, _)| s.order);
                let waits = matches!(fate, Fate::Waits { .. });
                prop_assert_eq!(waits, other < Some(sending.order));
            }
        }
        let newest: BTreeSet<u32> = one.fates.iter().map(|(s, _)| s.order).collect();
        let newest = newest.last().copied();
        let replaced = one.fates.iter().any(|(s, f)| Some(s.order) == newest && matches!(f, Fate::Replaced { .. }));
        prop_assert!(!replaced);
    }

    #[test]
    fn kept_keys_give_what_the_records_give(
        older in prop::collection::btree_set(0..20_u32, 0..20), newer in prop::collection::btree_set(0..20_u32, 0..20), stated in any::<bool>(),
    ) {
        let (older, newer) = (keys(older, true), keys(newer, stated));
        let kept = |keys: &[RecordKey]| RecordKey::unpack(&RecordKey::pack(keys));
        prop_assert_eq!(between(&older, &newer), between(&kept(&older), &kept(&newer)));
    }
}
