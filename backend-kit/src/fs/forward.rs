//! The macro that a backend's door forwards its files with.

/// Writes `impl AsyncFs for $runtime`: every operation forwards to [`kit::fs`](crate::fs).
///
/// ```ignore
/// anyrt_kit::forward_fs!(Native);
/// ```
#[macro_export]
macro_rules! forward_fs {
    ($runtime:ty) => {
        $crate::forward_fs! { $runtime:
            open_file(path: &std::path::Path, flags: &$crate::api::fs::OpenFlags)
                -> $crate::fs::OsFile<$runtime>;
            read_file(path: &std::path::Path) -> std::vec::Vec<u8>;
            write_file(path: &std::path::Path, contents: std::vec::Vec<u8>) -> ();
            copy_file(from: &std::path::Path, to: &std::path::Path) -> u64;
            rename(from: &std::path::Path, to: &std::path::Path) -> ();
            remove_file(path: &std::path::Path) -> ();
            create_dir(path: &std::path::Path, recursive: bool, mode: Option<u32>) -> ();
            remove_dir(path: &std::path::Path) -> ();
            remove_dir_all(path: &std::path::Path) -> ();
            open_dir(path: &std::path::Path) -> $crate::fs::OsReadDir<$runtime>;
            path_metadata(path: &std::path::Path, follow: bool) -> $crate::api::fs::Metadata;
            set_path_permissions(
                path: &std::path::Path,
                permissions: $crate::api::fs::Permissions,
            ) -> ();
            hard_link(original: &std::path::Path, link: &std::path::Path) -> ();
            symlink(original: &std::path::Path, link: &std::path::Path) -> ();
            read_link(path: &std::path::Path) -> std::path::PathBuf;
            canonicalize(path: &std::path::Path) -> std::path::PathBuf;
        }
    };
    ($runtime:ty: $($name:ident($($argument:ident: $type:ty),+ $(,)?) -> $out:ty;)+) => {
        impl $crate::api::AsyncFs for $runtime {
            type File = $crate::fs::OsFile<$runtime>;
            type ReadDir = $crate::fs::OsReadDir<$runtime>;

            $(async fn $name(&self, $($argument: $type),+) -> std::io::Result<$out> {
                $crate::fs::$name(self, $($argument),+).await
            })+
        }
    };
}
