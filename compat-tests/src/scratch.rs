//! Files for laws: a folder of a law's own, made by the runtime under test.

use std::path::PathBuf;

use anyrt_api::{Runtime, fs};

use crate::harness::scratch_folder;

/// A fresh empty folder. The harness removes it after the law.
pub(crate) async fn folder<R: Runtime>(rt: &R) -> PathBuf {
    let folder = scratch_folder();
    fs::create_dir_all_in(&folder, rt)
        .await
        .expect("a folder for the law");
    folder
}
