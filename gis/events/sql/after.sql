SELECT county, position, kind, areas, payload FROM everycell.events_after(:position, :most)
