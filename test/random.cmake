# Random programs, a minute of them from a fixed seed; more by hand: random/run.py --count or --seconds, other --seed.
if(TARGET tril)
  add_test(NAME random COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/random/run.py --tril $<TARGET_FILE:tril> --seconds 60)
endif()
