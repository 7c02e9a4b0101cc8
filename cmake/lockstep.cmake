# Helpers that keep the arrows of the house: a folder becomes the library lockstep_<folder with _>.

function(lockstep_target_name folder out)
  string(REPLACE "/" "_" name "${folder}")
  set(${out} "lockstep_${name}" PARENT_SCOPE)
endfunction()

function(lockstep_uses target)
  foreach(folder IN LISTS ARGN)
    lockstep_target_name(${folder} used)
    target_link_libraries(${target} PUBLIC ${used})
  endforeach()
endfunction()

# lockstep_library(FOLDER [USES folder...] [LINKS library...]): every .cc directly in FOLDER and in base/env.
function(lockstep_library folder)
  cmake_parse_arguments(ARG "" "" "USES;LINKS" ${ARGN})
  lockstep_target_name(${folder} target)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  if(sources)
    add_library(${target} STATIC ${sources})
    set(visibility PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(${target} ${visibility} ${CMAKE_SOURCE_DIR})
  foreach(used IN LISTS ARG_USES)
    lockstep_target_name(${used} used_target)
    target_link_libraries(${target} ${visibility} ${used_target})
  endforeach()
  target_link_libraries(${target} ${visibility} ${ARG_LINKS})
endfunction()

# lockstep_proto(FOLDER): every .proto in FOLDER, with C++ made in the build directory; included as "core/proto/x.pb.h".
function(lockstep_proto folder)
  lockstep_target_name(${folder} target)
  file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.proto)
  set(generated)
  foreach(proto IN LISTS protos)
    get_filename_component(stem ${proto} NAME_WE)
    set(out ${CMAKE_BINARY_DIR}/generated/${folder}/${stem}.pb)
    add_custom_command(
      OUTPUT ${out}.cc ${out}.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
      COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR} --cpp_out=${CMAKE_BINARY_DIR}/generated ${proto}
      DEPENDS ${proto} VERBATIM)
    list(APPEND generated ${out}.cc)
  endforeach()
  add_library(${target} STATIC ${generated})
  target_include_directories(${target} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated)
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
endfunction()

# lockstep_grpc(FOLDER): every .proto below FOLDER, with messages and services made in the build directory; FOLDER is the
# root of imports and of includes ("lockstep/v1/x.grpc.pb.h"), as a foreign client sees them.
function(lockstep_grpc folder)
  lockstep_target_name(${folder} target)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_SOURCE_DIR}/${folder}/*.proto)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  set(root ${CMAKE_BINARY_DIR}/generated/${folder})
  set(generated)
  foreach(proto IN LISTS protos)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(out ${root}/${stem})
    add_custom_command(
      OUTPUT ${out}.pb.cc ${out}.pb.h ${out}.grpc.pb.cc ${out}.grpc.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${root}
      COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/${folder} --cpp_out=${root} --grpc_out=${root}
              --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/${proto} VERBATIM)
    list(APPEND generated ${out}.pb.cc ${out}.grpc.pb.cc)
  endforeach()
  add_library(${target} STATIC ${generated})
  target_include_directories(${target} SYSTEM PUBLIC ${root})
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()

# lockstep_program(NAME FOLDER folder [USES folder...] [LINKS library...])
function(lockstep_program name)
  cmake_parse_arguments(ARG "" "FOLDER" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${ARG_FOLDER}/*.cc)
  if(sources)
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    lockstep_uses(${name} ${ARG_USES})
    target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  endif()
endfunction()

# lockstep_test(FOLDER [USES folder...] [LINKS library...]): tests/FOLDER/*.cc become the program test_<folder with _>.
function(lockstep_test folder)
  cmake_parse_arguments(ARG "" "" "USES;LINKS" ${ARGN})
  string(REPLACE "/" "_" name "${folder}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cc)
  if(sources)
    add_executable(test_${name} ${sources})
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_definitions(test_${name} PRIVATE LOCKSTEP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    lockstep_uses(test_${name} ${ARG_USES})
    target_link_libraries(test_${name} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gtest_main)
    add_test(NAME ${name} COMMAND test_${name})
  endif()
endfunction()

# lockstep_bench(NAME [USES folder...] [LINKS library...]): bench/NAME.cc on Google Benchmark.
function(lockstep_bench name)
  cmake_parse_arguments(ARG "" "" "USES;LINKS" ${ARGN})
  if(EXISTS ${CMAKE_SOURCE_DIR}/bench/${name}.cc)
    add_executable(bench_${name} ${CMAKE_SOURCE_DIR}/bench/${name}.cc)
    target_include_directories(bench_${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_definitions(bench_${name} PRIVATE LOCKSTEP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    lockstep_uses(bench_${name} ${ARG_USES})
    target_link_libraries(bench_${name} PRIVATE ${ARG_LINKS} benchmark::benchmark)
  endif()
endfunction()

# lockstep_embed(TARGET FILE SYMBOL NAMESPACE): FILE becomes the std::string_view NAMESPACE::SYMBOL() of TARGET, which
# declares it itself.
function(lockstep_embed target file symbol namespace)
  set(out ${CMAKE_BINARY_DIR}/generated/${symbol}.cc)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -D IN=${CMAKE_SOURCE_DIR}/${file} -D OUT=${out} -D SYMBOL=${symbol}
            -D NAMESPACE=${namespace} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${CMAKE_SOURCE_DIR}/${file} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
