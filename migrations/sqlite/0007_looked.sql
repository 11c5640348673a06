-- The day, by the clock, on which last_day was last moved: it moves once a day and by few days, so that a clock that jumps moves it little.
alter table meta add column looked integer;
