//! A runtime that has nothing to do: how often its threads wake all the same.

use std::{io, thread, time::Duration};

use super::{Place, Scenario, Setup, everyone, names::*};
use crate::{
    contender::{Handle, Listen, Owner},
    figure::Value,
    switches::{since, switches},
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "idle",
        what: "wake-ups a second of a runtime whose tasks wait for a socket and for an hour",
        place: Place::Apart,
        cells: everyone!(idle),
    }]
}

fn idle<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    const TASKS: usize = 100;
    const SETTLE: Duration = Duration::from_millis(500);
    const HOUR: Duration = Duration::from_secs(3600);
    let span = Duration::from_secs(if setup.quick { 1 } else { 2 });
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let inside = rt.clone();
    let begun = rt.spawn(async move {
        let listener = inside.listen().await?;
        inside.detach(async move { drop(listener.accept().await) });
        for _ in 0..TASKS {
            let rt = inside.clone();
            inside.detach(async move { rt.sleep(HOUR).await });
        }
        io::Result::Ok(())
    });
    owner.block_on(begun)?;
    thread::sleep(SETTLE);
    let before = switches()?;
    thread::sleep(span);
    let n_wakes = since(&before, &switches()?);
    // The tasks wait on, and the process ends.
    std::mem::forget(owner);
    let rate = n_wakes as f64 / span.as_secs_f64();
    Ok(vec![Value::lower("wake-ups", "/s", rate)])
}
