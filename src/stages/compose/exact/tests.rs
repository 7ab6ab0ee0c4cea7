//! Tests of the whole: against brute force, on wrong and degenerate input, and on large cases.

use super::cases::{Scale, Shape, best, firm, large, lists, matter, named, percent, small};
use super::check::check;
use super::clash::{Clash, clash, keep, kinds, subsets};
use super::relax::{Forcing, binding, forcing};
use super::solve::choose;
use super::terms::{Amounts, Candidate, Choice, Constraint, Forced, LARGEST_SCALE, Lots, Share, Standing, Terms, Top, Unfit};
use std::collections::{BTreeMap, BTreeSet};

/// More than any small case needs.
const NODES: u64 = 1_000_000;

fn sorted((terms, mut candidates): (Terms, Vec<Candidate>)) -> (Terms, Vec<Candidate>) {
    candidates.sort_by(|a, b| a.code.cmp(&b.code));
    (terms, candidates)
}

fn chosen(terms: &Terms, candidates: &[Candidate]) -> Choice {
    choose(terms, candidates, NODES).expect("it fits")
}

/// What brute force finds best: total and score.
fn merit(terms: &Terms, candidates: &[Candidate]) -> Option<(Lots, u64)> {
    let list = best(terms, candidates)?;
    Some((list.iter().sum(), candidates.iter().zip(&list).map(|(c, lots)| c.score * u64::from(*lots)).sum()))
}

#[test]
fn equals_brute_force_at_all_levels() {
    let (mut counts, mut ties, mut short) = (BTreeMap::new(), 0, 0);
    for seed in 0..1200 {
        let (terms, candidates) = sorted(small(seed));
        let answer = best(&terms, &candidates);
        let choice = chosen(&terms, &candidates);
        match &answer {
            Some(list) => {
                assert_eq!(choice.amounts, named(&candidates, list), "seed {seed}: {terms:?} {candidates:#?}");
                assert_eq!(choice.standing, Standing::Optimal, "seed {seed}");
                assert_eq!(check(&terms, &candidates, &choice.amounts), [], "seed {seed}");
            }
            None => assert_eq!(choice.standing, Standing::Infeasible, "seed {seed}"),
        }
        matter(&terms, &candidates, answer.as_ref()).into_iter().for_each(|name| *counts.entry(name).or_insert(0) += 1);
        let rest: Vec<Candidate> =
            candidates.iter().rev().cloned().enumerate().map(|(i, c)| Candidate { code: i.to_string(), ..c }).collect();
        let swapped = best(&terms, &rest).map(|list| list.into_iter().rev().collect());
        ties += usize::from(swapped != answer);
        short += usize::from(answer.is_some_and(|list| (1..terms.scale).contains(&list.iter().sum())));
    }
    // So that the cases keep telling: how often each term changes the answer, ties are decided by code, and the scale is missed.
    for (name, least) in
        [("groups", 40), ("industry", 80), ("largest", 100), ("maximum", 20), ("minimum", 30), ("obligors", 300), ("top", 100)]
    {
        assert!(counts[name] >= least, "{counts:?}");
    }
    assert!(ties >= 20 && short >= 120, "{counts:?} {ties} {short}");
}

#[test]
fn neither_order_nor_repetition_changes_the_answer() {
    for seed in 0..40 {
        let (terms, candidates) = sorted(small(seed));
        let choice = chosen(&terms, &candidates);
        let mut turned = candidates.clone();
        for _ in 0..candidates.len() {
            turned.rotate_left(1);
            assert_eq!(chosen(&terms, &turned), choice, "seed {seed}");
        }
        turned.reverse();
        assert_eq!(chosen(&terms, &turned), choice, "seed {seed}");
    }
}

/// Ten enterprises with a right answer to spoil.
fn ten() -> (Terms, Vec<Candidate>) {
    let of = |i: u32| Candidate {
        group: (i < 2).then(|| "group".to_owned()),
        industry: Some(format!("i{}", i % 5)),
        ..firm(&format!("c{i}"), 2, 20, u64::from(100 - i))
    };
    let terms = Terms {
        scale: 100,
        firm_minimum: Some(5),
        firm_maximum: Some(15),
        least_obligors: Some(8),
        largest: Some(percent(20)),
        top: Some(Top { obligors: 5, share: percent(70) }),
        industry: Some(percent(25)),
    };
    (terms, (0..10).map(of).collect())
}

#[test]
fn the_recheck_tells_each_kind_of_violation() {
    let (terms, mut candidates) = ten();
    candidates[9].forced = Forced::In;
    candidates[8].forced = Forced::Out;
    let right = chosen(&terms, &candidates);
    assert_eq!(right.standing, Standing::Optimal);
    assert_eq!(check(&terms, &candidates, &right.amounts), []);
    let broken = |terms: &Terms, changes: &[(&str, Lots)]| {
        let mut amounts = right.amounts.clone();
        amounts.extend(changes.iter().map(|(code, lots)| ((*code).to_owned(), *lots)));
        check(terms, &candidates, &amounts).into_iter().map(|b| (b.constraint, b.who)).collect::<BTreeSet<_>>()
    };
    let has = |changes: &[(&str, Lots)], constraint: Constraint, who: &str| {
        let found = broken(&terms, changes);
        assert!(found.contains(&(constraint, who.to_owned())), "{changes:?}: {found:?} {:?}", right.amounts);
    };
    has(&[("c2", 1)], Constraint::Need, "c2");
    has(&[("c2", 21)], Constraint::Need, "c2");
    has(&[("c2", 4)], Constraint::FirmMinimum, "c2");
    has(&[("c2", 16)], Constraint::FirmMaximum, "c2");
    has(&[("c8", 5)], Constraint::ForcedOut("c8".to_owned()), "c8");
    has(&[("c9", 0)], Constraint::ForcedIn("c9".to_owned()), "c9");
    has(&[("unknown", 5)], Constraint::Need, "unknown");
    has(&[("c9", 20)], Constraint::Scale, "");
    has(&[("c0", 15), ("c1", 15)], Constraint::Largest, "group");
    has(&[("c2", 20), ("c7", 20)], Constraint::Industry, "i2");
    has(&[("c2", 0), ("c3", 0), ("c4", 0)], Constraint::LeastObligors, "");
    has(&[("c0", 15), ("c1", 15), ("c2", 15), ("c3", 15), ("c4", 15), ("c5", 15), ("c6", 5), ("c7", 5), ("c9", 5)], Constraint::Top, "");
}

#[test]
fn degenerate_input_has_plain_answers() {
    let pair = [firm("a", 1, 5, 1), firm("b", 1, 5, 2)];
    let scale = |scale| Terms { scale, ..Terms::default() };
    let standing = |terms: &Terms, candidates: &[Candidate]| {
        let choice = chosen(terms, candidates);
        (choice.standing, choice.total)
    };
    assert_eq!(standing(&scale(10), &[]), (Standing::Optimal, 0), "nobody to choose");
    assert_eq!(standing(&scale(0), &pair), (Standing::Optimal, 0), "nothing to issue");
    assert_eq!(standing(&Terms { least_obligors: Some(3), ..scale(10) }, &pair), (Standing::Infeasible, 0), "more obligors than there are");
    assert_eq!(standing(&Terms { firm_minimum: Some(6), ..scale(10) }, &pair), (Standing::Optimal, 0), "nobody is eligible");
    assert_eq!(standing(&Terms { largest: Some(percent(0)), ..scale(10) }, &pair), (Standing::Optimal, 0), "a share of nothing");
    assert_eq!(standing(&Terms { largest: Some(percent(100)), ..scale(9) }, &pair), (Standing::Optimal, 9), "a share of all");
    assert_eq!(standing(&Terms { largest: Some(percent(300)), ..scale(9) }, &pair), (Standing::Optimal, 9), "a share of more");
    let must = [firm("a", 6, 5, 1), Candidate { forced: Forced::In, ..firm("c", 6, 5, 1) }];
    assert_eq!(standing(&scale(10), &must), (Standing::Infeasible, 0), "somebody must be chosen who cannot");
    assert_eq!(standing(&scale(10), &must[..1]), (Standing::Optimal, 0), "the least exceeds the need");
    let none = choose(&scale(10), &pair, 0).expect("it fits");
    assert!(matches!(none.standing, Standing::Gap(bounds) if bounds.total == 10), "no nodes, but a bound");
}

#[test]
fn what_the_arithmetic_cannot_hold_is_refused() {
    let pair = [firm("a", 1, 5, 1), firm("a", 1, 5, 2)];
    let refused = |terms: Terms, candidates: &[Candidate]| choose(&terms, candidates, NODES).expect_err("it does not fit");
    let share = |numerator, denominator| Some(Share { numerator, denominator });
    assert_eq!(refused(Terms::default(), &pair), Unfit::Twice("a".to_owned()));
    assert_eq!(refused(Terms { largest: share(1, 0), ..Terms::default() }, &[]), Unfit::Share);
    assert_eq!(refused(Terms { industry: share(u64::MAX, 1), ..Terms::default() }, &[]), Unfit::Share);
    assert_eq!(refused(Terms { top: Some(Top { obligors: 0, share: percent(9) }), ..Terms::default() }, &[]), Unfit::TopOfNone);
    assert_eq!(refused(Terms { scale: LARGEST_SCALE + 1, ..Terms::default() }, &[]), Unfit::Scale);
    assert_eq!(refused(Terms { scale: 10, ..Terms::default() }, &[firm("a", 1, 5, u64::MAX)]), Unfit::Value);
}

#[test]
fn a_clash_is_of_the_fewest_terms() {
    let mut sizes = BTreeMap::new();
    for seed in 0..250 {
        let (terms, candidates) = sorted(small(seed));
        let holds = |kept: &BTreeSet<Constraint>| {
            let (terms, candidates) = keep(&terms, &candidates, kept);
            let scale = if kept.contains(&Constraint::Scale) { Scale::Reached } else { Scale::Free };
            !lists(&terms, &candidates, scale).is_empty()
        };
        let all = kinds(&terms, &candidates);
        match clash(&terms, &candidates, NODES).expect("it fits") {
            Clash::No => assert!(holds(&all.into_iter().collect()), "seed {seed}"),
            Clash::Of { terms: found, smallest } => {
                assert!(smallest && !holds(&found.iter().cloned().collect()), "seed {seed}: {found:?}");
                for set in (1..found.len()).flat_map(|size| subsets(all.len(), size)) {
                    let kept = set.into_iter().map(|kind| all[kind].clone()).collect();
                    assert!(holds(&kept), "seed {seed}: {found:?}, but {kept:?} is smaller");
                }
                *sizes.entry(found.len()).or_insert(0) += 1;
            }
            Clash::Open => panic!("seed {seed}"),
        }
    }
    assert!(sizes[&1] >= 20 && sizes[&2] >= 20, "{sizes:?}");
}

#[test]
fn binding_and_forcing_equal_brute_force() {
    let (mut bound, mut loose, mut costs) = (0, 0, 0);
    for seed in 0..200 {
        let (terms, candidates) = sorted(small(seed));
        let choice = chosen(&terms, &candidates);
        let found = binding(&terms, &candidates, &choice, NODES).expect("it fits");
        assert_eq!(found.open, [], "seed {seed}");
        let base = merit(&terms, &candidates);
        for (constraint, wider, candidates) in super::relax::relaxations(&terms, &candidates, choice.total) {
            let better = merit(&wider, &candidates) > base;
            assert_eq!(found.binding.contains(&constraint), better, "seed {seed}: {constraint:?}");
            loose += usize::from(!better && found.tight.contains(&constraint));
            bound += usize::from(better);
        }
        for candidate in candidates.iter().filter(|c| choice.is_found() && !choice.amounts.contains_key(&c.code)) {
            let force = |c: &Candidate| if c.code == candidate.code { Forced::In } else { c.forced };
            let with: Vec<Candidate> = candidates.iter().map(|c| Candidate { forced: force(c), ..c.clone() }).collect();
            match (forcing(&terms, &candidates, &choice, &candidate.code, NODES).expect("it fits"), best(&terms, &with)) {
                (Forcing::At(cost), Some(list)) => {
                    assert_eq!(check(&terms, &with, &cost.choice.amounts), [], "seed {seed}");
                    assert_eq!(
                        Some((cost.choice.total, cost.choice.score)),
                        merit(&terms, &with).map(|(t, s)| (t, s.into())),
                        "seed {seed}"
                    );
                    assert_eq!(cost.total, i64::from(choice.total) - i64::from(list.iter().sum::<Lots>()), "seed {seed}");
                    assert!(cost.changes.iter().any(|change| change.code == candidate.code && change.before == 0), "seed {seed}");
                    costs += 1;
                }
                (Forcing::Never, None) => {}
                (other, list) => panic!("seed {seed}: {other:?} {list:?}"),
            }
        }
    }
    assert!(bound >= 60 && loose >= 200 && costs >= 6, "{bound} {loose} {costs}");
    let (terms, candidates) = ten();
    assert_eq!(forcing(&terms, &candidates, &chosen(&terms, &candidates), "c0", NODES), Ok(Forcing::Idle));
}

/// A thousand enterprises of terms that leave room.
const ROOMY: Shape = Shape { firms: 1000, scale: 1000, industries: 8, rigid: false, scores: 7000, obligors: 20, top: 25, grouped: 10 };

/// A list that keeps all terms, of the whole scale, with bounds that are none of them below it.
fn assert_sound(terms: &Terms, candidates: &[Candidate], choice: &Choice) {
    assert_eq!(check(terms, candidates, &choice.amounts), []);
    assert_eq!(choice.amounts.values().sum::<Lots>(), terms.scale, "{:?}", choice.standing);
    if let Standing::Gap(bounds) = &choice.standing {
        assert!((bounds.total, bounds.score) >= (choice.total, choice.score));
    }
}

#[test]
fn a_thousand_enterprises_are_proven_within_few_nodes() {
    let (terms, candidates) = large(ROOMY, 0);
    let choice = choose(&terms, &candidates, 100_000).expect("it fits");
    assert_sound(&terms, &candidates, &choice);
    assert_eq!(choice.standing, Standing::Optimal);
    let reversed: Vec<Candidate> = candidates.iter().rev().cloned().collect();
    assert_eq!(choose(&terms, &reversed, 100_000), Ok(choice), "in whatever order");
}

/// What is hard: a tight top, industries that must all be full, amounts that cannot be split, scores that are mostly equal, many
/// lots; a thousand enterprises, or a city's seventy. Each with the gap that may be left, in millionths of the score.
#[test]
fn hard_shapes_end_with_the_whole_scale_and_a_small_gap() {
    let tight = Shape { top: 20, obligors: 25, ..ROOMY };
    let full = Shape { industries: 5, ..ROOMY };
    let rigid = Shape { rigid: true, ..ROOMY };
    let cases = [
        (tight, 0),
        (full, 200),
        (rigid, 5000),
        (Shape { industries: 5, ..rigid }, 5000),
        (Shape { scores: 5, ..tight }, 50),
        (Shape { scale: 10_000, ..tight }, 200),
        (Shape { firms: 70, scores: 5, obligors: 35, top: 30, ..ROOMY }, 2000),
    ];
    for (shape, most) in cases {
        for seed in 0..2 {
            let (terms, candidates) = large(shape, seed);
            let choice = choose(&terms, &candidates, 20_000).expect("it fits");
            assert_sound(&terms, &candidates, &choice);
            let gap = choice.best_merit().1 - choice.score;
            assert!(gap * 1_000_000 <= choice.score * most, "{shape:?} {seed}: {gap} of {}", choice.score);
            assert!(choice.nodes <= 30_000, "{shape:?} {seed}: {}", choice.nodes);
        }
    }
}

#[test]
fn an_empty_list_breaks_nothing_but_what_asks_for_somebody() {
    let (terms, candidates) = ten();
    let broken: Vec<Constraint> = check(&terms, &candidates, &Amounts::new()).into_iter().map(|b| b.constraint).collect();
    assert_eq!(broken, [Constraint::LeastObligors]);
}
