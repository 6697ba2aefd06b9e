//! Files for laws: a folder of a law's own, made by the runtime under test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyrt_api::{Runtime, fs};

use crate::harness::own_folder;

/// A fresh empty folder. The harness removes it after the law.
pub(crate) async fn folder<R: Runtime>(rt: &R) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = own_folder().join(number.to_string());
    fs::create_dir_all_in(&folder, rt)
        .await
        .expect("a folder for the law");
    folder
}
