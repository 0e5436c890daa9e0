-- What the sweeps put back, they put back ever more seldom, and in the end no more: such a row waits for an operator, who sees it.
ALTER TABLE auth_requests ADD COLUMN attempts integer NOT NULL DEFAULT 0, ADD COLUMN next_try_at timestamptz, ADD COLUMN given_up_at timestamptz;
ALTER TABLE exports ADD COLUMN attempts integer NOT NULL DEFAULT 0, ADD COLUMN next_try_at timestamptz, ADD COLUMN given_up_at timestamptz;
ALTER TABLE erasures ADD COLUMN attempts integer NOT NULL DEFAULT 0, ADD COLUMN next_try_at timestamptz, ADD COLUMN given_up_at timestamptz;
CREATE INDEX auth_requests_given_up_idx ON auth_requests (given_up_at) WHERE given_up_at IS NOT NULL;
CREATE INDEX exports_given_up_idx ON exports (given_up_at) WHERE given_up_at IS NOT NULL;
CREATE INDEX erasures_given_up_idx ON erasures (given_up_at) WHERE given_up_at IS NOT NULL;
