//! A row of choices that follow from one number (splitmix64).

pub struct Dice(pub u64);

impl Dice {
    pub fn up_to(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) % n.max(1) as u64) as usize
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.up_to(100) < chance
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.up_to(of.len())]
    }

    pub fn name(&mut self, of: &[String]) -> Option<String> {
        if of.is_empty() { None } else { Some(of[self.up_to(of.len())].clone()) }
    }
}
