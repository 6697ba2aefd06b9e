//! A backend is named whose feature is off.

#[anyrt::main(native, workers = 2)]
async fn main() -> std::io::Result<()> {
    Ok(())
}
