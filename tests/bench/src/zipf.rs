//! Zipf's distribution, as YCSB draws from it.

use fastrand::Rng;

/// YCSB's constant.
const THETA: f64 = 0.99;

/// Ranks 0, 1, … of falling popularity: Gray et al., "Quickly Generating Billion-Record
/// Synthetic Databases" (1994), the generator YCSB uses.
pub(crate) struct Zipf {
    ranks: f64,
    alpha: f64,
    zeta: f64,
    eta: f64,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks are small and not negative"
)]
impl Zipf {
    pub(crate) fn new(ranks: usize) -> Self {
        let zeta = zeta(ranks);
        let ranks = ranks as f64;
        let eta = (1.0 - (2.0 / ranks).powf(1.0 - THETA)) / (1.0 - zeta_of_two() / zeta);
        Self { ranks, alpha: 1.0 / (1.0 - THETA), zeta, eta }
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> usize {
        let uniform = rng.f64();
        let scaled = uniform * self.zeta;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < zeta_of_two() {
            return 1;
        }
        let rank = self.ranks * (self.eta * uniform - self.eta + 1.0).powf(self.alpha);
        rank.min(self.ranks - 1.0) as usize
    }
}

#[expect(clippy::cast_precision_loss, reason = "ranks are small")]
fn zeta(ranks: usize) -> f64 {
    (1..=ranks).map(|rank| (rank as f64).powf(-THETA)).sum()
}

fn zeta_of_two() -> f64 {
    1.0 + 0.5_f64.powf(THETA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ranks_come_as_often_as_their_law_says() {
        let (zipf, mut rng, draws) = (Zipf::new(1_000), Rng::with_seed(7), 200_000);
        let mut counts = vec![0_u32; 1_000];
        for _ in 0..draws {
            counts[zipf.draw(&mut rng)] += 1;
        }
        for rank in [0_usize, 1] {
            let expected = ((rank + 1) as f64).powf(-THETA) / zeta(1_000);
            let seen = f64::from(counts[rank]) / f64::from(draws);
            assert!((seen / expected - 1.0).abs() < 0.05, "rank {rank}: {seen} against {expected}");
        }
        assert!(counts[900..].iter().any(|&count| count > 0));
    }
}
