# Unit tests mirror the source: tests/unit/DIR/test_X.c tests DIR/X.c and links DIR's layer.
# A test's ctest name is DIR/X.
enable_testing()

function(unit_tests dir layer)
	file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${dir}/test_*.c)
	foreach(source ${sources})
		get_filename_component(name ${source} NAME_WE)
		string(REPLACE "test_" "" short ${name})
		string(REPLACE "/" "_" target "unit_${dir}_${short}")
		add_executable(${target} ${source})
		target_link_libraries(${target} PRIVATE ${layer} PkgConfig::CMOCKA)
		target_compile_definitions(${target} PRIVATE
			SOURCE_DIR="${PROJECT_SOURCE_DIR}" BUILD_DIR="${PROJECT_BINARY_DIR}")
		add_test(NAME ${dir}/${short} COMMAND ${target}
			WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
		set_tests_properties(${dir}/${short} PROPERTIES TIMEOUT 300)
	endforeach()
endfunction()

if(CMOCKA_FOUND)
	unit_tests(base base)
	unit_tests(certs certs)
	unit_tests(config config)
	unit_tests(media media)
	unit_tests(sbc/sip sip)
	unit_tests(sbc/phone phone)
	unit_tests(sbc/trunk trunk)
	unit_tests(sbc/b2bua b2bua)
	unit_tests(sbc/admin admin)
	unit_tests(sbc/lab lab)
	unit_tests(sbc/doctor doctor)
	unit_tests(sbc/app app)
else()
	message(STATUS "cmocka is missing: no unit tests (Debian: libcmocka-dev)")
endif()

# Fuzz targets: tests/fuzz/fuzz_X.c. With TRUNKGATE_FUZZ each becomes a libFuzzer program fuzz_X; in
# every other build fuzz_X_corpus runs it once over the files in tests/fuzz/corpus/X (ctest name fuzz/X).
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
	get_filename_component(target ${source} NAME_WE)
	string(REGEX REPLACE "^fuzz_" "" short ${target})
	if(TRUNKGATE_FUZZ)
		add_executable(${target} ${source})
		target_link_options(${target} PRIVATE -fsanitize=fuzzer)
	else()
		set(target ${target}_corpus)
		add_executable(${target} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c)
		add_test(NAME fuzz/${short} COMMAND ${target} tests/fuzz/corpus/${short}
			WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
		set_tests_properties(fuzz/${short} PROPERTIES TIMEOUT 300)
	endif()
	target_link_libraries(${target} PRIVATE app)
endforeach()

# The program on a scripted network and a turned clock: tests/replay (ctest name replay/all).
file(GLOB replay_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/replay/*.c)
if(replay_sources)
	add_executable(replay ${replay_sources})
	target_link_libraries(replay PRIVATE app)
	target_compile_definitions(replay PRIVATE SOURCE_DIR="${PROJECT_SOURCE_DIR}")
	# The same scripts that tests/run takes.
	add_test(NAME replay/all COMMAND tests/replay/scenarios
		WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
	add_test(NAME replay/starved COMMAND tests/replay/starved
		WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
	set_tests_properties(replay/all replay/starved PROPERTIES TIMEOUT 600
		ENVIRONMENT TRUNKGATE_BUILD=${PROJECT_BINARY_DIR})
endif()

# What tests/bench/sip measures signalling alone with.
add_executable(trunkgate_without_media ${PROJECT_SOURCE_DIR}/sbc/app/main.c
	${PROJECT_SOURCE_DIR}/tests/bench/sip/without_media.c)
target_link_libraries(trunkgate_without_media PRIVATE app)

# The load of tests/bench/media; built when it asks.
add_executable(media_generator EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/bench/media/generator.c)
target_link_libraries(media_generator PRIVATE media)

# The media of tests/soak.
add_executable(soak_talker ${PROJECT_SOURCE_DIR}/tests/soak/talker.c)
target_link_libraries(soak_talker PRIVATE media)
