//! Systems that do not do it, and models.

pub(super) fn register() -> bool {
    false
}

pub(super) fn fence_all() -> bool {
    false
}
