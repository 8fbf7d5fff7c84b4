-- Runs once, on the first start with an empty volume.
CREATE TABLE products (
  id          serial PRIMARY KEY,
  name        text NOT NULL,
  maker       text NOT NULL,
  price_cents integer NOT NULL CHECK (price_cents >= 0)
);

INSERT INTO products (name, maker, price_cents) VALUES
  ('Claw hammer, 450 g', 'Fjellmann', 2490),
  ('Combination pliers', 'Fjellmann', 1890),
  ('Spirit level, 60 cm', 'Lotrecht', 3150),
  ('Screwdriver set, 8 pieces', 'Lotrecht', 2750),
  ('Folding rule, 2 m', 'Meterling', 790),
  ('Adjustable spanner', 'Fjellmann', 2290),
  ('Junior hacksaw', 'Zahn & Co', 1150),
  ('Wood chisel, 18 mm', 'Zahn & Co', 1690);
