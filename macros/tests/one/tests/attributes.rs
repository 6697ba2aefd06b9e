//! The attributes where the facade has another name in Cargo.toml.

use std::io;

use renamed::{AnyRuntime, Runtime};

#[renamed::test(native)]
async fn a_renamed_dependency_is_found() {
    assert_eq!(AnyRuntime::current().backend(), "native");
}

mod elsewhere {
    pub(crate) mod inside {
        pub(crate) use renamed::*;
    }
}

#[renamed::test(native, crate = crate::elsewhere::inside)]
async fn the_crate_can_be_given(rt: impl Runtime) -> io::Result<()> {
    assert_eq!(AnyRuntime::new(rt).backend(), "native");
    Ok(())
}
