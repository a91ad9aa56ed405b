echo '{"name": "four"}' |
  sqlite-utils insert shop.db t - --load-extension ./surrogate
