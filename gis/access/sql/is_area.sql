-- Whether a code is that of a county, town or village, or of a live cell.
SELECT EXISTS (SELECT FROM everycell.division WHERE code = :area)
    OR EXISTS (SELECT FROM everycell.cell WHERE county = :county AND code = :area AND retired_on IS NULL)
