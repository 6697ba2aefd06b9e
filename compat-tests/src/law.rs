//! One law: its name, its class, what it needs, and the function that shows it.
//!
//! Knows nothing of processes and reports.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{Backend, Capability, Deviation, Group, Lab};

/// How sure a law is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It decides: a backend that breaks it fails.
    Required,
    /// It measures a time against a bound, and reports the worst value. It runs alone, and
    /// `LAWS_TIME_SCALE` widens the bound on a slow machine.
    Stochastic,
}

/// One promise of the contract, and the function that shows that a backend keeps it.
pub struct Law<B: Backend> {
    name: &'static str,
    group: &'static Group,
    class: Class,
    needs: Vec<Capability>,
    limit: Duration,
    run: fn(&Lab<B>),
}

impl<B: Backend> Law<B> {
    pub(crate) fn new(name: &'static str, run: fn(&Lab<B>)) -> Self {
        let group = Group::of(name);
        Law {
            name,
            group: group.unwrap_or_else(|| panic!("{name}: its id is in no group of `group.rs`")),
            class: Class::Required,
            needs: Vec::new(),
            limit: LIMIT,
            run,
        }
    }

    /// It measures time: it runs alone.
    pub(crate) fn stochastic(mut self) -> Self {
        self.class = Class::Stochastic;
        self
    }

    /// It is skipped where the backend has not got this.
    pub(crate) fn needs(mut self, capability: Capability) -> Self {
        self.needs.push(capability);
        self
    }

    /// It may take longer than others, or not as long, and `why` says for what reason.
    pub(crate) fn limit(mut self, limit: Duration, why: &'static str) -> Self {
        assert!(!why.is_empty(), "another limit has a reason");
        self.limit = limit;
        self
    }

    /// The function's name: the id and what is promised, as `l015_drop_detaches`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The id in the catalogue, as `L015`.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(self.name)
    }

    /// The group of the catalogue that it is in.
    #[must_use]
    pub fn group(&self) -> &'static Group {
        self.group
    }

    /// How sure it is.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// What a backend must have besides the required traits to be held to it.
    #[must_use]
    pub fn needed(&self) -> &[Capability] {
        &self.needs
    }

    /// What `B` says of it, if it is known to break it.
    #[must_use]
    pub fn deviation(&self) -> Option<&'static Deviation> {
        B::DEVIATIONS
            .iter()
            .find(|deviation| deviation.is_about(self.name))
    }

    /// What it needs that `B` has not got.
    #[must_use]
    pub fn missing(&self) -> Option<Capability> {
        let mut needs = self.needs.iter().copied();
        needs.find(|need| !B::CAPABILITIES.contains(need))
    }

    /// How long it may take before it counts as a hang.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.limit
    }

    /// Runs it in this process: it returns, panics, hangs or aborts.
    pub(crate) fn run(&self, lab: &Lab<B>) {
        (self.run)(lab);
    }
}

/// The id in a law's name.
pub(crate) fn id_of(name: &str) -> String {
    name.split('_').next().unwrap_or(name).to_uppercase()
}

impl<B: Backend> fmt::Debug for Law<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Law")
            .field("name", &self.name)
            .field("group", &self.group)
            .field("class", &self.class)
            .field("needs", &self.needs)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// A law that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(10);
