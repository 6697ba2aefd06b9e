//! One law on one mutant, and the trials of a plain run.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use anyrt_laws::{Backend, Class, Conditions, Law, Verdict, all as laws, judge_under};
use libtest_mimic::{Failed, Trial};

use crate::backend::Broken;
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
    let mut deviations = Broken::DEVIATIONS.iter();
    let deviates = deviations.any(|listed| listed.law == law.id() || listed.law == law.name());
    !deviates && law.missing().is_none()
}

/// The law on the backend with this mutant.
pub(crate) fn verdict(law: &Law<Broken>, mutant: &'static str) -> Verdict {
    let conditions = Conditions {
        limit: Some(LIMIT),
        variables: vec![(mutants::VARIABLE, mutant)],
    };
    judge_under(law, &conditions)
}

/// The mutant's own law finds it.
fn is_found(row: &Row) -> Result<(), Failed> {
    let _turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
    let laws = laws::<Broken>();
    let law = laws.iter().find(|law| law.name() == row.law);
    let verdict = verdict(law.ok_or("no law has this name")?, row.mutant);
    let expected = row.expected;
    match Expected::of(&verdict) == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, got {verdict:#?}").into()),
    }
}

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
        Verdict::Held { .. } => Ok(()),
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
    for law in named.chain(listed).chain(unproven::WAITING.iter().copied()) {
        if !laws.iter().any(|known| known.name() == law) {
            wrong.push(format!("{law} is no law"));
        }
    }
    let most = unproven::MOST;
    if unproven::LIST.len() > most {
        wrong.push(format!("more than {most} laws are unproven"));
    }
    if unproven::WAITING.len() != unproven::WAITING_MOST {
        wrong.push(format!(
            "{} laws wait for a mutant",
            unproven::WAITING.len()
        ));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

fn is_listed(law: &str) -> bool {
    let waits = unproven::WAITING.contains(&law);
    waits || unproven::LIST.iter().any(|(listed, _)| *listed == law)
}

/// Held by all that run beside each other, or by one that must be alone.
static TURNS: RwLock<()> = RwLock::new(());

/// A law with a mutant is a hang after this time, in place of ten seconds, since many hangs are
/// waited for. It is a little longer than the five seconds that laws give to what they wait for.
const LIMIT: Duration = Duration::from_secs(6);

/// How often a time beyond its bound is measured again.
const TRIES: usize = 3;
