# What a person runs: scripts/check.sh.
add_test(NAME scripts COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/scripts/check.sh)
