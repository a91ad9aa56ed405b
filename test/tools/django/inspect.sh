# All tables but those of the sequences.
python3 manage.py inspectdb $(sqlite3 shop.db "
  SELECT name FROM sqlite_schema
   WHERE type = 'table' AND name NOT LIKE 'surrogate\_%' ESCAPE '\'
") > shop/models.py
