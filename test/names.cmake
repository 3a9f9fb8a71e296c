# No architecture's name below the text.
add_test(NAME names COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/names/check.py)
