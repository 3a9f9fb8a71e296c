# Kernels beside the machine's peak and OpenBLAS: built on request only (ninja kernels_bench).
if(TRIL_COMPILER)
  add_executable(kernels_bench EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/bench/kernels.cpp)
  target_compile_options(kernels_bench PRIVATE -fno-rtti -O2)
  target_link_libraries(kernels_bench PRIVATE tril_compiler ${CMAKE_DL_LIBS})
endif()
