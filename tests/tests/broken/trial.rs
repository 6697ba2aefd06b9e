//! One law on one mutant, and the trials of a plain run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyrt_laws::{Class, Conditions, Law, Verdict, all as laws, judge_under};
use libtest_mimic::{Failed, Trial};

use crate::backend::{Broken, locked};
use crate::mutants::{self, Expected, Row};
use crate::unproven;

/// Each mutant with its law, each law with the healthy backend, and what must hold of the table.
pub(crate) fn all() -> Vec<Trial> {
    let mut trials = vec![Trial::test("the_table_is_complete", is_complete)];
    for law in laws::<Broken>().into_iter().filter(is_kept) {
        let name = format!("{}::Healthy", law.name());
        trials.push(Trial::test(name, move || holds(&law)));
    }
    for row in mutants::table() {
        let name = format!("{}::{}", row.law, row.mutant);
        trials.push(Trial::test(name, move || is_found(&row)));
    }
    trials
}

/// True of a law that the native runtime keeps: not one that it is known to break, nor one that
/// needs what it has not got.
fn is_kept(law: &Law<Broken>) -> bool {
    law.deviation().is_none() && law.missing().is_none()
}

/// The law on the backend with this mutant.
pub(crate) fn verdict(law: &Law<Broken>, mutant: &'static str) -> Verdict {
    let asks_for_more = law.time_limit() > USUAL;
    let conditions = Conditions {
        limit: (!asks_for_more).then_some(LIMIT),
        // Where the law panics is of no interest here, and takes long to find out.
        variables: vec![(mutants::VARIABLE, mutant), ("RUST_BACKTRACE", "0")],
    };
    judge_under(law, &conditions)
}

/// The mutant's own law finds it. A defect that shows by chance, or to one thread that outruns
/// another, may hide from a busy machine: it is looked for again, and the output names it.
fn is_found(row: &Row) -> Result<(), Failed> {
    let _turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
    let laws = laws::<Broken>();
    let law = laws.iter().find(|law| law.name() == row.law);
    let law = law.ok_or("no law has this name")?;
    for tried in 1.. {
        let (verdict, expected) = (verdict(law, row.mutant), row.expected);
        if let Verdict::Unshown { why } = verdict {
            locked(&UNSHOWN).insert(row.law, why);
            break;
        }
        match Expected::of(&verdict) {
            said if said == expected && tried > 1 => _ = locked(&LATE).insert(row.mutant, tried),
            said if said == expected => {}
            _ if tried < TRIES => continue,
            _ => return Err(format!("expected {expected:?}, got {verdict:#?}").into()),
        }
        break;
    }
    Ok(())
}

/// The mutants that were not found at once, each with the number of tries.
pub(crate) static LATE: Mutex<BTreeMap<&str, usize>> = Mutex::new(BTreeMap::new());

/// The laws that this machine could not show, each with the reason: they found nothing.
pub(crate) static UNSHOWN: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());

/// The law holds on the wrapper without a mutant. One that measures a time runs alone, and may be
/// tried again on a busy machine.
fn holds(law: &Law<Broken>) -> Result<(), Failed> {
    let conditions = Conditions::default();
    let verdict = match law.class() {
        Class::Required => {
            let _turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
            judge_under(law, &conditions)
        }
        Class::Stochastic => {
            let _alone = TURNS.write().unwrap_or_else(PoisonError::into_inner);
            let tries = (0..TRIES).map(|_| judge_under(law, &conditions));
            let decided = |verdict: &Verdict| !matches!(verdict, Verdict::Slow { .. });
            let mut tries = tries.skip_while(|verdict| !decided(verdict));
            tries.next().ok_or("beyond its bound each time")?
        }
    };
    match verdict {
        Verdict::Held { .. } | Verdict::Unshown { .. } => Ok(()),
        verdict => Err(format!("{verdict:#?}").into()),
    }
}

/// Every law has a mutant or stands on the list of those that can have none; that list is short,
/// and no line of either is about a law that is not there.
fn is_complete() -> Result<(), Failed> {
    let (laws, rows) = (laws::<Broken>(), mutants::table());
    let mut wrong = Vec::new();
    for law in laws.iter().map(Law::name) {
        let (proven, listed) = (rows.iter().any(|row| row.law == law), is_listed(law));
        match (proven, listed) {
            (false, false) => wrong.push(format!("{law} has no mutant")),
            (true, true) => wrong.push(format!("{law} has a mutant: take it off the list")),
            _ => {}
        }
    }
    let named = rows.iter().map(|row| row.law);
    let listed = unproven::LIST.iter().map(|(law, _)| *law);
    for law in named.chain(listed) {
        if !laws.iter().any(|known| known.name() == law) {
            wrong.push(format!("{law} is no law"));
        }
    }
    let most = unproven::MOST;
    if unproven::LIST.len() > most {
        wrong.push(format!("more than {most} laws are unproven"));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

fn is_listed(law: &str) -> bool {
    unproven::LIST.iter().any(|(listed, _)| *listed == law)
}

/// Held by all that run beside each other, or by one that must be alone.
static TURNS: RwLock<()> = RwLock::new(());

/// A law with a mutant is a hang after this time, in place of ten seconds and whatever the scale,
/// since many hangs are waited for. It is longer than the five seconds that laws give to what they
/// wait for.
const LIMIT: Duration = Duration::from_secs(8);

/// What a law may take that does not ask for more.
pub(crate) const USUAL: Duration = Duration::from_secs(10);

/// How often a time beyond its bound is measured, and a mutant looked for.
const TRIES: usize = 3;
