//! From nothing to the first value: a map in memory, described by three lines of TOML.

use trilayer::{Config, Maps, Registry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = Config::from_toml(
        r#"
        [maps.users]
        engine = "hashmap"
        "#,
    )?;
    let maps = Maps::open(Registry::linked()?, config).await?;

    let users = maps.get("users")?;
    users.put("ada", "Ada Lovelace").await?;
    let ada = users.get("ada").await?;
    println!("ada is {ada:?}");

    assert_eq!(ada.as_ref().and_then(|name| name.as_str()), Some("Ada Lovelace"));
    assert_eq!(users.get("bob").await?, None);
    maps.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() {
        super::main().unwrap();
    }
}
