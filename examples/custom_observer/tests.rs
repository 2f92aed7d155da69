//! The index against the map, whatever happens to it.

use super::*;
use trilayer_core::RecordStore as _;
use trilayer_testkit::laws::observer::ObserverFixture;
use trilayer_testkit::{lww, observer_laws};

observer_laws!(laws, sum_by, [rebuilds]);

/// The sums should be those of what is in memory.
fn sum_by() -> ObserverFixture<SumBy> {
    let options = || SumByOptions { group: "country".to_owned(), amount: "population".to_owned() };
    let new = move || SumBy { options: options(), index: Mutex::default() };
    ObserverFixture::new(new())
        .with_values(|n| lww(place(["NO", "SE", "DK"][n as usize % 3], n.into())))
        .indexing(SumBy::report, move |memory| {
            let fresh = new();
            let counted = memory.iter().map(|(key, value)| (key, fresh.read(value)));
            counted.for_each(|(key, counts)| fresh.index.lock().set(key, counts));
            fresh.report()
        })
}

fn place(country: &str, population: i64) -> Value {
    [("country", Value::from(country)), ("population", population.into())].into_iter().collect()
}

async fn small_map() -> anyhow::Result<Map> {
    let maps = Maps::open(Registry::linked()?, Config::from_toml(CONFIG)?).await?;
    Ok(maps.get("places")?)
}

#[test]
fn the_example_runs() {
    main().unwrap();
}

#[tokio::test]
async fn the_index_follows_every_change() -> anyhow::Result<()> {
    let places = small_map().await?;
    places.put("1", place("NO", 100)).await?;
    places.put("2", place("NO", 20)).await?;
    assert_eq!(population(&places, "NO"), Some(120));

    places.put("1", place("SE", 90)).await?;
    assert_eq!((population(&places, "NO"), population(&places, "SE")), (Some(20), Some(90)));

    places.put("2", "no place at all").await?;
    places.store(0)?.evict("1", false);
    assert_eq!((population(&places, "NO"), population(&places, "SE")), (None, None));

    places.put("3", place("NO", 5)).await?;
    places.store(0)?.clear(false);
    assert_eq!(population(&places, "NO"), None);
    Ok(())
}

#[tokio::test]
async fn the_whole_data_set_adds_up() -> anyhow::Result<()> {
    let places = small_map().await?;
    load(&places).await?;
    let reports = places.observer_reports();
    let Value::Map(sums) = &reports[0].1 else { anyhow::bail!("no sums: {reports:?}") };
    assert_eq!((sums.len(), sums.iter().filter_map(|(_, sum)| sum.as_int()).sum()), (171, 2_925_740_688_i64));
    Ok(())
}

/// What `trilayer docs` would show of it.
#[tokio::test]
async fn its_own_example_of_a_configuration_can_be_used() -> anyhow::Result<()> {
    let registry = Registry::linked()?;
    let example = registry.example(registry.get(trilayer::ComponentKind::Observer, "sum-by")?);
    assert!(example.contains("group = \"country\""), "{example}");
    Maps::open(registry, Config::from_toml(&example)?).await?.close().await?;
    Ok(())
}
